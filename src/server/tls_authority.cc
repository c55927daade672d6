#include "server/tls_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include "base/errors.h"
#include "base/random.h"
#include "base/text.h"
#include "base/whole_file.h"
#include "server/tls_context.h"

namespace clary::server {
namespace {

template <auto Free>
using Freer = OpensslFree<Free>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr long kDay = 24L * 60 * 60;
constexpr long kAuthorityLifetime = 3650 * kDay;
// Browsers and Apple's clients refuse server certificates of more than 398 days.
constexpr long kHostLifetime = 397 * kDay;
constexpr std::string_view kLocalNames = "DNS:localhost,IP:127.0.0.1,IP:::1";
constexpr std::string_view kSystemBundle = "/etc/ssl/certs/ca-certificates.crt";

void check(bool ok, const char* what) {
  if (!ok) throw StorageError(std::string("TLS: ") + what + " failed");
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  check(key != nullptr, "making a key");
  return key;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string pem_of(const EVP_PKEY* key) {
  Bio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "writing a key");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string pem_of(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a certificate");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Bio bio_over(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
        "a certificate extension");
}

// A certificate with everything but its extensions and its signature.
Certificate blank_certificate(std::string_view common_name, EVP_PKEY* key, long lifetime,
                              Timestamp now) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "making a certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::array<std::byte, 16> serial{};
  fill_random(serial);
  serial[0] &= std::byte{0x7f};  // a positive number
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), serial.size(), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
  std::time_t base = std::chrono::system_clock::to_time_t(now);
  X509_time_adj(X509_getm_notBefore(certificate.get()), -kDay,
                &base);  // for clocks that are behind
  X509_time_adj(X509_getm_notAfter(certificate.get()), lifetime, &base);
  X509_set_pubkey(certificate.get(), key);
  // X.520 caps a common name at 64 characters; names travel in subjectAltName anyway.
  const std::string name(common_name.substr(0, 64));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

Certificate make_authority(EVP_PKEY* key, Timestamp now) {
  Certificate certificate =
      blank_certificate("Clary local authority " + random_hex(4), key, kAuthorityLifetime, now);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  X509* self = certificate.get();
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(self, self, NID_subject_key_identifier, "hash");
  check(X509_sign(self, key, EVP_sha256()) > 0, "signing a certificate");
  return certificate;
}

// Only letters, digits, dots, hyphens, and colons of IPv6: nothing that could start a further name
// in the extension's text form.
bool plain_host(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789.-:";
  return !host.empty() && host.size() <= 253 &&
         host.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string alternative_names(std::string_view host) {
  if (host == "localhost") return std::string(kLocalNames);
  const bool ip = host.find(':') != std::string_view::npos ||
                  host.find_first_not_of("0123456789.") == std::string_view::npos;
  return (ip ? "IP:" : "DNS:") + std::string(host);
}

}  // namespace

struct TlsAuthority::Impl {
  const std::filesystem::path folder;
  const Clock& clock;
  Key authority_key, host_key = make_key();
  Certificate authority;
  std::mutex mutex;
  std::unordered_map<std::string, TlsContext> contexts;
  // Somebody may still be about to use them; one a year and host.
  std::vector<TlsContext> retired;

  Impl(std::filesystem::path of, const Clock& time) : folder(std::move(of)), clock(time) {}

  void load_or_make() {
    const auto key_file = folder / "ca.key";
    const auto certificate_file = folder / "ca.pem";
    if (std::filesystem::exists(key_file) && std::filesystem::exists(certificate_file)) {
      const std::string key_text = read_file(key_file);
      const std::string certificate_text = read_file(certificate_file);
      authority_key.reset(
          PEM_read_bio_PrivateKey(bio_over(key_text).get(), nullptr, nullptr, nullptr));
      authority.reset(
          PEM_read_bio_X509(bio_over(certificate_text).get(), nullptr, nullptr, nullptr));
      if (!authority_key || !authority ||
          X509_check_private_key(authority.get(), authority_key.get()) != 1) {
        throw StorageError(key_file.string() +
                           ": damaged, or not the key of ca.pem; remove both to make new ones");
      }
      return;
    }
    authority_key = make_key();
    authority = make_authority(authority_key.get(), clock.now());
    write_whole_file(key_file, pem_of(authority_key.get()), 0600);
    write_whole_file(certificate_file, pem_of(authority.get()), 0644);
  }

  // `names` as OpenSSL writes them: "DNS:a,IP:10.0.0.1".
  Certificate make_leaf(std::string_view common_name, const std::string& names, EVP_PKEY* key) {
    Certificate certificate = blank_certificate(common_name, key, kHostLifetime, clock.now());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority.get()));
    X509* leaf = certificate.get();
    add_extension(leaf, authority.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf, authority.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(leaf, authority.get(), NID_ext_key_usage, "serverAuth");
    add_extension(leaf, authority.get(), NID_subject_key_identifier, "hash");
    add_extension(leaf, authority.get(), NID_authority_key_identifier, "keyid:always");
    add_extension(leaf, authority.get(), NID_subject_alt_name, names);
    check(X509_sign(leaf, authority_key.get(), EVP_sha256()) > 0, "signing a certificate");
    return certificate;
  }

  TlsContext make_context(std::string_view host) {
    const Certificate leaf = make_leaf(host, alternative_names(host), host_key.get());
    TlsContext context = make_tls_context();
    check(SSL_CTX_use_certificate(context.get(), leaf.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context.get(), host_key.get()) == 1,
          "using a certificate");
    return context;
  }

  bool ends_soon(const TlsContext& context) const {
    return expiry_of(SSL_CTX_get0_certificate(context.get())) - clock.now() < kTlsRenewBefore;
  }
};

TlsAuthority::TlsAuthority(std::filesystem::path folder, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(folder), clock)) {
  std::error_code error;
  std::filesystem::create_directories(impl_->folder, error);
  if (error) throw StorageError(impl_->folder.string() + ": " + error.message());
  impl_->load_or_make();
  // A file, not a directory of links: the form that AWS_CA_BUNDLE and REQUESTS_CA_BUNDLE take.
  write_whole_file(bundle_file(),
                   read_file(std::filesystem::path(kSystemBundle)) + pem_of(impl_->authority.get()),
                   0644);
}

TlsAuthority::~TlsAuthority() = default;

void* TlsAuthority::context_for(std::string_view host) {
  std::string name = to_lower(host);
  if (!plain_host(name)) name = "localhost";
  const std::lock_guard lock(impl_->mutex);
  auto found = impl_->contexts.find(name);
  if (found == impl_->contexts.end() && impl_->contexts.size() >= kMaxHosts) {
    name = "localhost";
    found = impl_->contexts.find(name);
  }
  if (found == impl_->contexts.end()) {
    found = impl_->contexts.emplace(name, impl_->make_context(name)).first;
  } else if (impl_->ends_soon(found->second)) {
    impl_->retired.push_back(std::exchange(found->second, impl_->make_context(name)));
  }
  return found->second.get();
}

std::filesystem::path TlsAuthority::bundle_file() const {
  return impl_->folder / "ca-bundle.pem";
}
std::filesystem::path TlsAuthority::certificate_file() const {
  return impl_->folder / "ca.pem";
}
std::filesystem::path TlsAuthority::server_file() const {
  return impl_->folder / "server.pem";
}
Timestamp TlsAuthority::expires() const {
  return expiry_of(impl_->authority.get());
}

void TlsAuthority::write_server_file(const std::vector<std::string>& names) {
  std::string text(kLocalNames);
  std::string common_name = "localhost";
  for (const std::string& given : names) {
    std::string name = to_lower(given);
    for (const std::string_view prefix : {"dns:", "ip:"}) {
      if (name.starts_with(prefix)) name.erase(0, prefix.size());
    }
    if (!plain_host(name)) throw std::invalid_argument("'" + given + "' is no host name");
    if (name == "localhost" || name == "127.0.0.1" || name == "::1") continue;
    if (common_name == "localhost") common_name = name;
    text += "," + alternative_names(name);
  }
  const Key key = make_key();
  const Certificate leaf = impl_->make_leaf(common_name, text, key.get());
  // One file, so that certificate and key are exchanged together.
  write_whole_file(server_file(),
                   pem_of(key.get()) + pem_of(leaf.get()) + pem_of(impl_->authority.get()), 0600);
}

}  // namespace clary::server
