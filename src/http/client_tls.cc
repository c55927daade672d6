#include "http/client_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

#include "http/client.h"

namespace clary::http {
namespace {

std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

}  // namespace

ClientTls::ClientTls(const std::filesystem::path& authorities)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  if (!context_) throw std::runtime_error("TLS: " + last_error());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = authorities.empty() ? SSL_CTX_set_default_verify_paths(context_.get())
                                         : SSL_CTX_load_verify_locations(
                                               context_.get(), authorities.c_str(), nullptr);
  if (loaded != 1) {
    throw std::runtime_error("the certificates of " + authorities.string() +
                             " cannot be used: " + last_error());
  }
}

TlsSession::TlsSession(const ClientTls& trust, const std::string& host)
    : session_(SSL_new(trust.context()), SSL_free),
      input_(BIO_new(BIO_s_mem())),
      output_(BIO_new(BIO_s_mem())),
      host_(host) {
  if (!session_) throw std::bad_alloc();
  BIO_set_mem_eof_return(input_, -1);
  SSL_set_bio(session_.get(), input_, output_);
  SSL_set_connect_state(session_.get());
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session_.get());
  bool set = false;
  if (is_address(host)) {
    set = X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
  } else {
    SSL_set_hostflags(session_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    set = SSL_set1_host(session_.get(), host.c_str()) == 1 &&
          SSL_set_tlsext_host_name(session_.get(), host.c_str()) == 1;
  }
  if (!set) fail("the host name");
}

void TlsSession::fail(const char* what) {
  const long verified = SSL_get_verify_result(session_.get());
  std::string why = last_error();
  if (verified != X509_V_OK) why = X509_verify_cert_error_string(verified);
  throw ClientError(ClientError::Kind::kConnect,
                    std::string("TLS with ") + host_ + ": " + what + ": " + why);
}

bool TlsSession::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(session_.get());
  if (done == 1) return true;
  if (SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ && !ended_) return false;
  if (ended_) throw ClientError(ClientError::Kind::kConnect, "the server ended the TLS handshake");
  fail("handshake");
}

void TlsSession::write(std::string_view plain) {
  ERR_clear_error();
  std::size_t written = 0;
  // To memory: it takes all, or something is wrong.
  if (!plain.empty() && SSL_write_ex(session_.get(), plain.data(), plain.size(), &written) != 1) {
    fail("writing");
  }
}

std::string TlsSession::output() {
  std::string bytes(BIO_ctrl_pending(output_), '\0');
  std::size_t read = 0;
  if (!bytes.empty()) BIO_read_ex(output_, bytes.data(), bytes.size(), &read);
  bytes.resize(read);
  return bytes;
}

void TlsSession::input(std::string_view received) {
  ended_ = received.empty();
  std::size_t taken = 0;
  if (!ended_ && (BIO_write_ex(input_, received.data(), received.size(), &taken) != 1 ||
                  taken != received.size())) {
    throw std::bad_alloc();
  }
}

TlsSession::Read TlsSession::read(std::span<char> buffer, std::size_t& bytes) {
  ERR_clear_error();
  const int done = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &bytes);
  if (done == 1) return Read::kBytes;
  const int error = SSL_get_error(session_.get(), done);
  if (error == SSL_ERROR_ZERO_RETURN) return Read::kEnd;
  if (error != SSL_ERROR_WANT_READ) fail("reading");
  // Without the peer's last word anybody could have cut the answer off.
  if (ended_) throw ClientError(ClientError::Kind::kClosed, "the TLS connection was cut off");
  return Read::kNeedsInput;
}

}  // namespace clary::http
