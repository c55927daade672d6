#include "server/client_file.h"

#include "base/json.h"
#include "base/whole_file.h"

namespace clary::server {

void write_client_file(const std::filesystem::path& folder, const ClientFile& file) {
  const json::object client{{"url", file.url},
                            {"account_id", file.account_id},
                            {"region", file.region},
                            {"role_arn", file.role_arn},
                            {"access_key_id", file.access_key_id},
                            {"secret_access_key", file.secret_access_key},
                            {"owner_token", file.owner_token},
                            {"ca_bundle", file.ca_bundle.string()}};
  write_whole_file(folder / "client.json", json::serialize(client) + "\n", 0600);
}

}  // namespace clary::server
