// Where things are in a data folder, and which data files its rows name.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace clary::backup {

inline constexpr std::string_view kMetadata = "metadata.db", kObjects = "objects/objects.db",
                                  kData = "objects/data";

// objects/data/xx/NAME of a folder; xx are the name's last two digits.
std::filesystem::path data_file(const std::filesystem::path& data, std::string_view name);
// A name that the server makes: hexadecimal digits only. Others are no data files.
bool is_data_name(std::string_view name);

// Every data file that a row of objects.db names: the texts of all columns called `file`, whatever
// tables there are.
std::set<std::string> named_files(store::Connection& objects);

// Files of DATA_DIR that are small, or copied as they are: the keyring, certificates, whatever
// later versions keep there. Relative paths. Not the databases, the data files, the audit log, the
// volumes of notebook instances, the lock, what jobs that run use, the root key.
std::vector<std::filesystem::path> plain_files(const std::filesystem::path& data_dir);

}  // namespace clary::backup
