use super::*;

fn tree(files: &[(&str, usize)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (file, size) in files {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, vec![b'x'; *size]).unwrap();
    }
    root
}

fn processes(found: &Found) -> Vec<(&str, usize)> {
    found.processes.iter().map(|(name, files)| (name.as_str(), files.len())).collect()
}

#[test]
fn directories_and_files_are_processes() {
    let root = tree(&[
        ("P16M16rd_mc_mumu_p16_v1/subtasks/a.parquet", 4),
        ("P16M16rd_mc_mumu_p16_v1/subtasks/b.parquet", 4),
        ("sample_name='P16M16rd_data_p16_v2'/x.parquet", 4),
        ("mc16-mumu-prompt.parquet", 4),
        ("x-luigi-tmp-123.parquet", 4),
        ("P16M16rd_mc_mumu_p16_v1/empty.parquet", 0),
        ("README.md", 3),
    ]);
    let found = discover(root.path().to_str().unwrap(), &Choice::default()).unwrap();
    assert_eq!(
        processes(&found),
        [("P16M16rd_data_p16_v2", 1), ("P16M16rd_mc_mumu_p16_v1", 2), ("mc16-mumu-prompt", 1)]
    );
    let mut why: Vec<_> = found.skipped.iter().map(|(_, why)| *why).collect();
    why.sort_unstable();
    assert_eq!(why, ["empty", "not a table", "temporary"]);
}

#[test]
fn a_glob_names_processes_by_its_first_wildcard() {
    let root = tree(&[("a/x.parquet", 1), ("b/x.parquet", 1), ("b/y.parquet", 1)]);
    let at = |pattern: &str| discover(&format!("{}/{pattern}", root.path().display()), &Choice::default()).unwrap();
    assert_eq!(processes(&at("*/*.parquet")), [("a", 1), ("b", 2)]);
    assert_eq!(processes(&at("b/*.parquet")), [("x", 1), ("y", 1)]);
    assert_eq!(processes(&at("[ab]")), [("a", 1), ("b", 2)]);
}

#[test]
fn a_tree_is_chosen_behind_a_colon() {
    let root = tree(&[("f.root", 1)]);
    let found = discover(&format!("{}/f.root:ntuple", root.path().display()), &Choice::default()).unwrap();
    assert_eq!((found.tree.as_deref(), found.processes.len()), (Some("ntuple"), 1));
}

#[test]
fn a_miss_says_what_is_there() {
    let root = tree(&[("ntuples/a.parquet", 1), ("e.parquet", 0)]);
    let path = |name: &str| root.path().join(name).display().to_string();
    assert!(discover(&path("ntuple"), &Choice::default()).unwrap_err().to_string().contains("did you mean `"));
    assert!(discover(&path("e.parquet"), &Choice::default()).unwrap_err().to_string().contains("empty"));
    let empty = tree(&[]);
    assert!(
        discover(empty.path().to_str().unwrap(), &Choice::default()).unwrap_err().to_string().contains("it is empty")
    );
}

fn keys(file: &File) -> Vec<(&str, Option<&str>)> {
    file.keys.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect()
}

#[test]
fn folders_of_columns_are_one_process() {
    let root = tree(&[
        ("hive/year=2020/city=K%C3%B6ln/a.parquet", 1),
        ("hive/year=2020/city=b/a.parquet", 1),
        ("hive/year=2021/city=b/a.parquet", 1),
        ("all/mumu/year=2020/a.parquet", 1),
        ("all/sample_name=ee/year=2020/a.parquet", 1),
    ]);
    let at = |path: &str| {
        discover(root.path().join(path).to_str().unwrap(), &Choice::default())
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let hive = at("hive");
    assert_eq!(processes(&hive), [("hive", 3)]);
    assert_eq!(keys(&hive.processes["hive"][0]), [("year", Some("2020")), ("city", Some("Köln"))]);
    assert_eq!(processes(&at("all")), [("ee", 1), ("mumu", 1)]);
    assert_eq!(keys(&at("all").processes["ee"][0]), [("year", Some("2020"))]);
    for part in
        ["hive/year=2020", "hive/year=2020/city=b", "hive/year=*", "hive/*/city=b/*.parquet", "hive/**/*.parquet"]
    {
        let found = at(part);
        assert_eq!(found.processes.keys().collect::<Vec<_>>(), ["hive"], "{part}");
        assert_eq!(keys(&found.processes["hive"][0])[0], ("year", Some("2020")), "{part}");
        assert_eq!(found.processes["hive"][0].keys.len(), 2, "{part}");
    }
    assert_eq!(keys(&at("hive/year=2021/city=b/a.parquet").processes["a"][0]).len(), 2);
}

#[test]
fn parts_of_a_project_are_one_process() {
    let root =
        tree(&[("proj/sub00/a.root", 1), ("proj/sub01/b.root", 1), ("two/x/sub00/a.root", 1), ("two/y/a.root", 1)]);
    let at = |path: &str| discover(root.path().join(path).to_str().unwrap(), &Choice::default()).unwrap();
    assert_eq!(processes(&at("proj")), [("proj", 2)]);
    assert_eq!(at("proj").parts["proj"].len(), 2);
    assert_eq!(processes(&at("proj/sub*/*.root")), [("proj", 2)]);
    assert_eq!(processes(&at("two")), [("x", 1), ("y", 1)]);
    let choice = Choice { one_process: Some("all of it".into()), ..Choice::default() };
    let all = discover(root.path().join("two").to_str().unwrap(), &choice).unwrap();
    assert_eq!((processes(&all), all.parts["all of it"].len()), (vec![("all of it", 2)], 2));
}

#[test]
fn copies_of_a_table_are_refused_with_the_way_out() {
    let refused = |files: &[(&str, usize)], choice: &Choice| {
        let root = tree(files);
        let found = discover(root.path().to_str().unwrap(), choice).unwrap();
        refuse_copies("there", &found.processes).map_err(|error| error.to_string())
    };
    let default = Choice::default();
    for (files, parts) in [
        (&[("mumu.root", 1), ("mumu.parquet", 1)][..], &["mumu.parquet", "mumu.root", "ending(\"parquet\")"][..]),
        (&[("dy/events.parquet", 1), ("dy.root", 1)], &["events.parquet", "dy.root", "process dy"]),
        (&[("dy/events.csv", 1), ("dy/events.csv.gz", 1)], &["events.csv.gz"]),
        (&[("dy/a.root", 1), ("dy/b.root", 1), ("dy.root", 1)], &["glob"]),
    ] {
        let error = refused(files, &default).unwrap_err();
        parts.iter().for_each(|part| assert!(error.contains(part), "`{part}` is not said in: {error}"));
    }
    let root_only = Choice { ending: Some("root".into()), ..Choice::default() };
    assert_eq!(refused(&[("mumu.root", 1), ("mumu.parquet", 1)], &root_only), Ok(()));
    assert_eq!(refused(&[("dy/a.parquet", 1), ("dy/b.root", 1), ("dy2.root", 1)], &default), Ok(()));
    assert_eq!(refused(&[("x/a.parquet", 1), ("y/a.parquet", 1)], &default), Ok(()));
}
