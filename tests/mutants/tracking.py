# SPDX-License-Identifier: Apache-2.0
"""What is broken of enabled=yes|no|auto; see run.py."""
VALIDATE, TRACK = "control/config/validate.cpp", "bpf/path/conntrack.h"
TESTS = ("unit_config_validate", "unit_compile_header", "unit_conntrack_aging", "hosted_cases")
MUTANTS = (
    ("packets are tracked nevertheless", TRACK,
     " || moment.settings->tracking == TG_TRACKING_OFF", ""),
    ("fragments are tracked nevertheless", "bpf/path/fragment.h",
     " || tg_bank_settings(packet->bank)->tracking == TG_TRACKING_OFF", ""),
    ("enabled=no is compiled as yes", "control/compile/compile.cpp",
     "tracking_active(config, environment) ? TG_TRACKING_ON : TG_TRACKING_OFF", "TG_TRACKING_ON"),
    ("connections stay when it is switched off", "control/conntrack/aging.cpp",
     "keys.push_back(sweep_key(name_of(record), true));",
     "keys.push_back(sweep_key(name_of(record), false));"),
    ("rules that need it stay valid", VALIDATE,
     '!lives_by_tracking(*record, item) || tracking_mode(config) != "no";', "true;"),
    ("rules that need it are invalid with auto", VALIDATE,
     'tracking_mode(config) != "no";', 'tracking_mode(config) == "yes";'),
    ("enabled=no is auto", VALIDATE, 'if (mode != "auto") {', 'if (mode == "yes") {'),
    ("auto is no", VALIDATE, 'if (mode != "auto") {', "if (true) {"),
    ("auto counts disabled rules", VALIDATE, "return !rule.disabled() && rule_is_valid",
     "return rule_is_valid"),
    ("auto counts every rule", VALIDATE, "return needs_tracking(menu, rule) && reached",
     "return reached"),
    ("auto counts invalid rules", VALIDATE,
     "!rule.disabled() && rule_is_valid(config, environment, path, rule);", "!rule.disabled();"),
    ("auto counts chains that nothing leads to", VALIDATE,
     'reached.contains(rule_text(rule, "chain")) &&', ""),
    ("auto does not know fasttrack-connection", VALIDATE,
     'rule.value_or("action", std::string()) == "fasttrack-connection"', "false"),
)
