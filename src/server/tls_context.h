// What every TLS context of the server has in common, and small helpers over OpenSSL's types.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"

namespace clary::server {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using TlsContext = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;

// TLS 1.2 with forward secrecy and authenticated encryption only, and TLS 1.3; no renegotiation
// ("Recommendations for Secure Use of TLS", RFC 9325). Throws StorageError.
TlsContext make_tls_context();

// With the certificate chain and the key of these PEM files (which may be one). Throws
// std::runtime_error that says which file is wrong and how.
TlsContext load_tls_context(const std::filesystem::path& certificate,
                            const std::filesystem::path& key);

Timestamp expiry_of(const X509* certificate);
// The names and addresses it is for: "DNS:a.example", "IP:10.0.0.1".
std::vector<std::string> names_of(const X509* certificate);

// So much before its end a certificate is made anew, or warned about.
inline constexpr std::chrono::days kTlsRenewBefore{30};

}  // namespace clary::server
