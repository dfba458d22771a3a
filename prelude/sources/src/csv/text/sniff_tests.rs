use super::super::kind::Kind;
use super::*;

fn layout(text: &str) -> Layout {
    sniff(text.as_bytes(), &Wish::default(), &Rules::default()).unwrap()
}

/// Names, separator, the first bytes of the data and the kinds.
fn seen(text: &str) -> (Vec<String>, u8, String, Vec<Kind>) {
    let layout = layout(text);
    let kinds = layout.traits.iter().map(|&traits| decide(traits).unwrap_or(Kind::Text)).collect();
    (layout.names, layout.dialect.separator, text[layout.data..].chars().take(3).collect(), kinds)
}

const INT: Kind = Kind::Int { nan: false };

#[test]
fn the_separator_is_the_one_all_records_agree_on() {
    for (text, separator) in [
        ("a,b\n1,2\n", b','),
        ("a;b\n1;2\n", b';'),
        ("a;b\n1,5;2\n2,25;3\n", b';'),
        ("1,5;2,5\n1,6;2,7\n", b';'),
        ("1,5\t2,5\n1,6\t2,7\n", b'\t'),
        ("\"pt, GeV\";\"eta, 1\"\n1;2\n", b';'),
        ("a|b|c\n1|2|3\n", b'|'),
        ("a,b\n\"x;y\",1\n\"z;w\",2\n", b','),
        ("name\nfoo, bar\nbaz\n", ONE_COLUMN),
        ("x\n1\n", ONE_COLUMN),
        ("a b c\n1 2 3\n4 5 6\n", BLANKS),
        ("  1.0   2.0\n 10.0  nan\n", BLANKS),
        ("name\nAda Lovelace\nAlan Turing\n", ONE_COLUMN),
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n", b','),
    ] {
        assert_eq!(layout(text).dialect.separator, separator, "{text}");
    }
    assert_eq!(layout("a,b\n'x,y',1\n").dialect.quote, Some(b'\''));
    assert_eq!(layout("a,b\n'tis,1\n").dialect.quote, Some(b'"'));
}

#[test]
fn headers_are_told_from_rows() {
    for (text, names, data) in [
        ("a,b\n1,2\n", &["a", "b"][..], "1,2"),
        ("1,2.5\n3,4.5\n", &["column0", "column1"], "1,2"),
        ("1,2\n", &["column0", "column1"], "1,2"),
        ("a,b\n", &["a", "b"], ""),
        (",a\n0,1\n", &["column0", "a"], "0,1"),
        ("country,n\nNA,1\nDE,2\n", &["country", "n"], "NA,"),
        ("name,town\nx,y\n", &["name", "town"], "x,y"),
        ("day,n\n2024-01-01,1\n", &["day", "n"], "202"),
        ("2024-01-01,1\n2024-01-02,2\n", &["column0", "column1"], "202"),
        ("a,a,b,a\n1,2,3,4\n", &["a", "a_1", "b", "a_2"], "1,2"),
        ("a,b,\n1,2,\n3,4,\n", &["a", "b"], "1,2"),
        ("sep=;\na;b\n1;2\n", &["a", "b"], "1;2"),
        ("# made by tool 1.2\n# units: GeV\na,b\n1,2\n", &["a", "b"], "1,2"),
        ("# x, y\n1,2\n3,4\n", &["x", "y"], "1,2"),
        ("#x y z\n1 2 3\n4 5 6\n", &["x", "y", "z"], "1 2"),
        ("#name,type\nfoo,bar\n", &["name", "type"], "foo"),
    ] {
        let seen = seen(text);
        assert_eq!((seen.0, seen.2.trim()), (names.iter().map(ToString::to_string).collect(), data.trim()), "{text}");
    }
}

#[test]
fn what_is_not_plain_is_said() {
    assert_eq!(layout("a,b\n1,2\n").notes, Vec::<String>::new());
    assert_eq!(layout("# x\na;b\n1;2\n").notes, ["separator `;`", "1 comment line at the start"]);
    assert_eq!(layout("1\n2\n").notes, ["no separator found: one column", "no header line"]);
    assert!(layout("a,a\n1,2\n").notes[0].contains("`a_1`"));
}

#[test]
fn wishes_go_before_what_is_found() {
    let wish = Wish { separator: Some(b';'), header: Some(false), skip: 1, comment: Some(b'%'), ..Wish::default() };
    let layout = sniff(b"junk\n% c\na;b\n1;2\n", &wish, &Rules::default()).unwrap();
    assert_eq!((layout.names, layout.data), (vec!["column0".into(), "column1".into()], 9));
    let wish = Wish { names: Some(vec!["p".into(), "q".into()]), ..Wish::default() };
    assert_eq!(sniff(b"a,b\n1,2\n", &wish, &Rules::default()).unwrap().names, ["p", "q"]);
    assert!(sniff(b"a\n1\n", &wish, &Rules::default()).unwrap_err().message.contains("1 columns"));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for (text, why) in [
        ("Experiment 5\na,b\n1,2\n3,4\n", "skip(1)"),
        ("mumu 12 0.5\nee 13 0.6\n", "separator(' ')"),
        ("", "empty"),
        ("\n\n", "empty"),
        ("# only\n# comments\n", "comments"),
        ("\"a,b\n1,2\n", "never closed"),
    ] {
        let fault = sniff(text.as_bytes(), &Wish::default(), &Rules::default()).unwrap_err();
        assert!(fault.message.contains(why), "{text}: {}", fault.message);
    }
    assert_eq!(seen("x y\n1 2\n").3, [INT, INT]);
}
