// SPDX-License-Identifier: Apache-2.0
#include "control/base/route_tables.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace tg {
namespace {

// Where distributions put them; what the administrator writes comes last.
constexpr std::array folders{"/usr/lib/iproute2", "/usr/share/iproute2", "/etc/iproute2"};

void add_file(const std::filesystem::path &path, TableNames &names)
{
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    add_table_names(text.str(), names);
}

} // namespace

void add_table_names(std::string_view text, TableNames &names)
{
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number_text, name;
        if (!(words >> number_text >> name) || number_text[0] == '#' || name[0] == '#') {
            continue;
        }
        const bool hexadecimal = number_text.starts_with("0x");
        const char *const begin = number_text.data() + (hexadecimal ? 2 : 0);
        const char *const end = number_text.data() + number_text.size();
        std::uint32_t number = 0;
        const auto [rest, error] = std::from_chars(begin, end, number, hexadecimal ? 16 : 10);
        if (error == std::errc() && rest == end && number != 0) {
            names.insert_or_assign(name, number);
        }
    }
}

TableNames read_table_names()
{
    TableNames names{{"default", 253}, {"main", 254}, {"local", 255}};
    for (const std::filesystem::path folder : folders) {
        add_file(folder / "rt_tables", names);
        std::error_code error;
        for (const auto &entry :
             std::filesystem::directory_iterator(folder / "rt_tables.d", error)) {
            if (entry.path().extension() == ".conf") {
                add_file(entry.path(), names);
            }
        }
    }
    return names;
}

} // namespace tg
