// A certificate authority of this data folder alone, so that clients that insist on https:// reach
// this server: the SageMaker SDKs hard-code https://sts.REGION.amazonaws.com.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/server.h"

namespace clary::server {

// Keeps ca.key (mode 0600) and ca.pem in its folder, made on first use, and writes ca-bundle.pem:
// the system's authorities and this one, for AWS_CA_BUNDLE and REQUESTS_CA_BUNDLE. Certificates of
// hosts are made on demand, in memory, and kept for the first kMaxHosts names; any further name
// gets the certificate of "localhost", which its client will refuse. They are made anew before they
// end. owns: the contexts it hands
// out. threads: any.
class TlsAuthority final : public http::TlsContexts {
 public:
  static constexpr std::size_t kMaxHosts = 256;

  // blocks. Throws StorageError when the folder cannot be read or written, or holds a damaged key.
  TlsAuthority(std::filesystem::path folder, const Clock& clock);
  ~TlsAuthority() override;

  void* context_for(std::string_view host) override;

  std::filesystem::path bundle_file() const;
  std::filesystem::path certificate_file() const;
  // Where a certificate for chosen names is, with its key (mode 0600), when `clary tls init` made
  // one: FOLDER/server.pem.
  std::filesystem::path server_file() const;
  // `names`: "DNS:a.example", "IP:10.0.0.1", or without the prefix. Those of this machine are
  // added. Throws StorageError, std::invalid_argument on something that is no name.
  void write_server_file(const std::vector<std::string>& names);
  // When the authority's own certificate ends.
  Timestamp expires() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::server
