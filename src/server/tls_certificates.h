// Which certificate a client gets: the one that was given, or one of the folder's own authority;
// exchanged while the server runs.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "http/server.h"
#include "server/tls_authority.h"

namespace clary::server {

struct TlsFiles {
  // "" for both: FOLDER/server.pem, which `clary tls init` writes, if it is there.
  std::filesystem::path certificate, key;
};

// The given certificate answers every name but those only the folder's authority can speak for (AWS
// host names inside a tunnel). Connections keep the certificate they began with.
// owns: the contexts it hands out. threads: any.
class TlsCertificates final : public http::TlsContexts {
 public:
  // Throws std::runtime_error that says what is wrong with the files. `authority` outlives it.
  TlsCertificates(TlsFiles files, TlsAuthority& authority, const Clock& clock);
  ~TlsCertificates() override;

  void* context_for(std::string_view host) override;

  // Reads the files again. False: they cannot be used, the old ones stay; the log says why.
  bool reload();
  // For a timer: reloads when a file has changed, makes certificates of the folder's authority anew
  // before they end, warns of others that end soon.
  void check();

  // When the certificate that most clients get ends.
  Timestamp expires() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::server
