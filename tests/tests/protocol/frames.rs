//! Malformed frames and messages are survived, whatever they are.

use crate::front::Channel::{Control, Shell, Stdin};
use crate::front::request;
use crate::scripted::Kernel;
use bytes::Bytes;
use recoil_kernel::wire::Signer;
use serde_json::json;

#[test]
fn bad_frames_are_ignored_on_every_channel() {
    let mut kernel = Kernel::start();
    let good = request("kernel_info_request", json!({})).encode(&kernel.signer);
    let bytes = |text: &'static str| Bytes::from_static(text.as_bytes());
    let unsigned = |parts: [&'static str; 4]| {
        let parts = parts.map(bytes);
        let signature = kernel_signature(&parts);
        [vec![bytes("<IDS|MSG>"), signature], parts.to_vec()].concat()
    };
    let mut bad = vec![
        vec![bytes("")],
        vec![bytes("<IDS|MSG>")],
        good[..3].to_vec(),
        good[1..].to_vec(),
        request("kernel_info_request", json!({})).encode(&Signer::new("another key")),
        unsigned(["{}", "{}", "{}", "{}"]),
        unsigned(["[]", "{}", "{}", "{}"]),
        unsigned(["not json", "{}", "{}", "{}"]),
        unsigned([r#"{"msg_id":"1","msg_type":"kernel_info_request"}"#, "{}", "{}", "\"text\""]),
    ];
    let mut changed = good.clone();
    changed[1] = Bytes::from(vec![0xff; 64]);
    bad.push(changed);
    for frames in bad {
        for channel in [Shell, Control, Stdin] {
            kernel.send_frames(channel, frames.clone());
        }
    }
    for channel in [Shell, Control] {
        assert_eq!(kernel.ask(channel, "kernel_info_request", json!({})).reply["status"], "ok");
    }
    assert_eq!(kernel.execute("value 1").reply["status"], "ok");
}

fn kernel_signature(parts: &[Bytes]) -> Bytes {
    Bytes::from(Signer::new("a secret").sign(parts.iter().map(AsRef::as_ref)))
}

#[test]
fn null_parts_and_buffers_are_fine() {
    let mut kernel = Kernel::start();
    let header = Bytes::from(serde_json::to_vec(&request("is_complete_request", json!({})).header).expect("json"));
    let null = Bytes::from_static(b"null");
    let parts = [header, null.clone(), null.clone(), null];
    let mut frames = vec![Bytes::from_static(b"<IDS|MSG>"), kernel_signature(&parts)];
    frames.extend(parts);
    frames.push(Bytes::from_static(b"\0buffer"));
    kernel.send_frames(Shell, frames);
    let reply = kernel.receive(Shell);
    assert_eq!(reply.content["status"], "invalid");
    let id = reply.parent_header["msg_id"].as_str().expect("an id").to_owned();
    kernel.take_published(&id);
}

#[test]
fn a_client_that_leaves_before_its_reply_harms_nobody() {
    let mut kernel = Kernel::start();
    let mut second = crate::front::Front::connect(&kernel.connection);
    let id = second.send(Shell, "execute_request", json!({"code": "pause 300\nvalue 1"}));
    // Unread on purpose.
    std::mem::forget(second);
    assert_eq!(kernel.take_published(&id).len(), 2);
    assert_eq!(kernel.execute("value 2").reply["status"], "ok");
}
