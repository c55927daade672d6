// Who is who among instances that run together: the workload's /etc/hosts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/job_spec.h"
#include "http/client.h"

namespace clary::agent {

// FOLDER/hosts. Written again in place when it is there: a sandbox that has it bound sees the
// change.
std::filesystem::path write_hosts(const std::filesystem::path& folder, const JobSpec& spec,
                                  const std::vector<Peer>& peers);

// This machine's address as `server`, and so the other instances, reach it; "" when that cannot be
// told.
std::string own_address(const http::Address& server);

// Puts the name of the network interface that has this instance's address into
// resourceconfig.json, for programs that choose where they listen. Before the workload starts.
void name_interface(const JobSpec& spec, const std::filesystem::path& opt_ml,
                    const std::vector<Peer>& peers);

}  // namespace clary::agent
