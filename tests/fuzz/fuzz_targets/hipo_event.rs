//! Any bytes as an event, in both byte orders: every structure is walked, every number read.
#![no_main]

use hipo::{ByteOrder, Event, Schema};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((numbers, bytes)) = bytes.split_first_chunk::<3>() else { return };
    let text = format!("{{A/{}/{}}}{{a/B,b/S,c/I#2,d/F,e/D,f/L}}", u16::from(numbers[0]), numbers[1]);
    let schema = Schema::parse(&text).unwrap();
    let order = if numbers[2] % 2 == 0 { ByteOrder::Little } else { ByteOrder::Big };
    let mut event = b"EVNT".to_vec();
    let size = u32::try_from(bytes.len() + 16).unwrap();
    event.extend_from_slice(&if order == ByteOrder::Little { size.to_le_bytes() } else { size.to_be_bytes() });
    event.extend_from_slice(&[0; 8]);
    event.extend_from_slice(bytes);
    let event = Event::from_bytes("fuzz", &event, order).unwrap();
    for found in event.structures().flatten() {
        let _ = (found.text(), found.numbers());
    }
    if let Ok(bank) = event.bank(&schema) {
        for column in 0..6 {
            let numbers = bank.column(column).unwrap();
            for row in 0..bank.rows() {
                assert!(bank.at(column, row).is_some());
            }
            assert!(bank.at(column, bank.rows()).is_none());
            assert_eq!(numbers.len(), bank.rows() * schema.columns()[column].count);
        }
    }
});
