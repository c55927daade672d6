// DIR/client.json: what `clary env` needs to know about the server of a data folder.
#pragma once

#include <filesystem>
#include <string>

namespace clary::server {

struct ClientFile {
  std::string url, account_id, region, role_arn;
  std::string access_key_id, secret_access_key;
  std::string owner_token;  // what `clary account` shows the server
  std::filesystem::path ca_bundle;
};

// Mode 0600, whole or not at all. Throws StorageError.
void write_client_file(const std::filesystem::path& folder, const ClientFile& file);

}  // namespace clary::server
