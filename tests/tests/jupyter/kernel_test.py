"""jupyter_kernel_test, all of it: 13 tests, none skipped."""

import unittest

import jupyter_kernel_test as jkt


class Recoil(jkt.KernelTests):
    kernel_name = "recoil"
    language_name = "rust"
    file_extension = ".rs"
    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oops");'
    completion_samples = [
        {"text": "let zz_unique_name = 1; zz_uniq", "matches": {"zz_unique_name"}},
        {"text": "std::collections::BTreeM", "matches": {"BTreeMap"}},
    ]
    complete_code_samples = ["1", 'println!("hi");', "fn f(x: i32) -> i32 {\n  x\n}", "let a = 1;"]
    incomplete_code_samples = ["fn f(", "let a = vec![1,", 'let s = "abc', "/* c"]
    invalid_code_samples = ["fn fn", "let = 7q"]
    code_page_something = "?Vec"
    code_generate_error = 'panic!("boom")'
    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "(1..4).map(|n| n*n).collect::<Vec<i32>>()", "result": "[1, 4, 9]"},
    ]
    code_display_data = [
        {"code": 'display(Html("<b>t</b>"))', "mime": "text/html"},
        {"code": 'display(Svg("<svg xmlns=\'http://www.w3.org/2000/svg\'/>"))', "mime": "image/svg+xml"},
        {"code": 'display(Latex("$x$"))', "mime": "text/latex"},
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Vec"
    code_clear_output = "clear_output(false)"


class Welcome(jkt.IopubWelcomeTests):
    kernel_name = "recoil"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main()
