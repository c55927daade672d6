#include "server/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include "base/errors.h"

namespace clary::server {
namespace {

constexpr char kCiphers12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

// Never asks on the terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

std::string last_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : ERR_error_string(code, text.data());
}

void require_readable(const std::filesystem::path& file, const char* what) {
  if (!std::ifstream(file, std::ios::binary)) {
    throw std::runtime_error(std::string(what) + " " + file.string() + " cannot be read");
  }
}

}  // namespace

TlsContext make_tls_context() {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers12) != 1) {
    throw StorageError("TLS: making a context failed: " + last_error());
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context.get(), no_password);
  return context;
}

TlsContext load_tls_context(const std::filesystem::path& certificate,
                            const std::filesystem::path& key) {
  require_readable(certificate, "the certificate");
  require_readable(key, "the key");
  TlsContext context = make_tls_context();
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    throw std::runtime_error("the certificate " + certificate.string() +
                             " cannot be used: " + last_error() +
                             " (a PEM file is needed, the server's own certificate first)");
  }
  // Where it does not belong to the certificate, this fails too.
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const unsigned long code = ERR_peek_last_error();
    const bool mismatch = ERR_GET_LIB(code) == ERR_LIB_X509;
    const std::string why = last_error();
    if (mismatch) {
      throw std::runtime_error("the key in " + key.string() +
                               " does not belong to the certificate in " + certificate.string());
    }
    throw std::runtime_error("the key " + key.string() + " cannot be used: " + why +
                             " (a PEM file without a password is needed)");
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    ERR_clear_error();
    throw std::runtime_error("the key in " + key.string() +
                             " does not belong to the certificate in " + certificate.string());
  }
  return context;
}

Timestamp expiry_of(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return {};
  return std::chrono::time_point_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::from_time_t(timegm(&time)));
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  using Names = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
  const Names found(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(found.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(found.get(), i), &type);
    const auto* text = static_cast<const ASN1_STRING*>(value);
    const auto* data = ASN1_STRING_get0_data(text);
    const int size = ASN1_STRING_length(text);
    if (type == GEN_DNS) {
      names.push_back("DNS:" + std::string(reinterpret_cast<const char*>(data),
                                           static_cast<std::size_t>(size)));
    } else if (type == GEN_IPADD && (size == 4 || size == 16)) {
      std::array<char, INET6_ADDRSTRLEN> address{};
      inet_ntop(size == 4 ? AF_INET : AF_INET6, data, address.data(), address.size());
      names.push_back("IP:" + std::string(address.data()));
    }
  }
  return names;
}

}  // namespace clary::server
