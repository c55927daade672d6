// Who a workload is on the host: nobody else. A user number of its own for each run, so that it
// owns no file but its own and no other run's processes, and is not root anywhere.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string_view>

namespace clary::agent {

inline constexpr std::string_view kWorkloadUserName = "sagemaker-user";

// From the run's id, in a range of 65,536 numbers that no distribution gives to people or services
// (from 1,879,048,192 on). Nullopt when this process is not root and cannot become another: then a
// user name space takes its place.
std::optional<uid_t> workload_user(std::string_view run_id);

// Makes everything below `folder` the user's, following no link. Throws StorageError.
void give_to(const std::filesystem::path& folder, uid_t user);

// An /etc/passwd that names root and the user, in the run's folder; its path. Throws StorageError.
std::filesystem::path write_password_file(const std::filesystem::path& run_folder, uid_t user);

}  // namespace clary::agent
