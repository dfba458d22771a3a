//! The workspace that tutorial 10 writes, fitted by pyhf: it finds the truth that was put into the data.

use recoil_tests::kernel::{Home, notebooks, prepared, said, turn};
use serde_json::Value;
use std::process::Command;

/// Fits `workspace.json` and prints what is free, as JSON; the folder is the argument.
const FIT: &str = r#"
import json, os, sys, pyhf
pyhf.set_backend("numpy", "minuit")
spec = json.load(open(os.path.join(sys.argv[1], "workspace.json")))
pyhf.schema.validate(spec, "workspace.json")
workspace = pyhf.Workspace(spec)
model = workspace.model(modifier_settings={"normsys": {"interpcode": "code4"}, "histosys": {"interpcode": "code4p"}})
best = pyhf.infer.mle.fit(workspace.data(model), model, return_uncertainties=True)
free = [name for name in model.config.par_order if not name.startswith("staterror")]
print(json.dumps({name: [float(x) for x in best[model.config.par_slice(name)][0]] for name in free}))
"#;

#[test]
fn pyhf_finds_the_truth_in_the_workspace_of_tutorial_10() {
    let packages = ["numpy", "pyarrow", "uproot", "pyhf==0.7.6", "iminuit==2.33.0"];
    let Some(python) = recoil_tests::python::environment("fit of tutorial 10", "pyhf", &packages) else { return };
    let notebook = notebooks().into_iter().find(|path| path.to_string_lossy().contains("10 ")).expect("the notebook");
    let _turn = turn();
    let home = Home::new();
    let copy = home.path().join("10.ipynb");
    std::fs::copy(&notebook, &copy).expect("copies");
    let mut command = home.command(&prepared());
    let output = command.arg("run").arg(&copy).arg("-o").arg(&copy).output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
    let fit = Command::new(python).args(["-c", FIT]).arg(home.path()).output().expect("Python runs");
    assert!(fit.status.success(), "{}", String::from_utf8_lossy(&fit.stderr));
    let fit: Value = serde_json::from_slice(&fit.stdout).expect("JSON");
    let told = std::fs::read_to_string(&notebook).expect("reads");
    for (name, truth) in [("mu", 1.3), ("k_ttbar", 1.2), ("muon_scale", 0.5)] {
        let [value, error] = [0, 1].map(|at| fit[name][at].as_f64().expect("a number"));
        assert!((value - truth).abs() < 2.0 * error, "{name}: {value} ± {error}, and the truth is {truth}");
        // The tutorial tells it.
        let words = format!("| {name} | {value:.2} ± {error:.2} | {truth} |");
        assert!(told.contains(&words), "`{words}` is not in {}", notebook.display());
    }
}
