#include "agent/network/job_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <charconv>
#include <string_view>

#include "base/errors.h"
#include "base/text.h"
#include "wire/sha256.h"

namespace clary::agent {

struct JobTls::Side {
  std::string secret;
  int own = 0;
};

namespace {

// The peer of a connection stands in its application data: OpenSSL keeps a pointer there, which is
// the number itself, plus one.
void keep_peer(SSL* ssl, int peer) {
  SSL_set_app_data(ssl, reinterpret_cast<void*>(static_cast<std::intptr_t>(peer) + 1));
}

std::optional<int> kept_peer(const SSL* ssl) {
  const auto kept = reinterpret_cast<std::intptr_t>(SSL_get_app_data(const_cast<SSL*>(ssl)));
  return kept == 0 ? std::nullopt : std::optional(static_cast<int>(kept - 1));
}

const JobTls::Side& side_of(const SSL* ssl) {
  return *static_cast<const JobTls::Side*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

// Where peers are verified, OpenSSL takes up no session without a name for what it is good for.
constexpr unsigned char kUse[] = "clary job network";

// The key of the connections that `client` opens to `server`, as a session that OpenSSL resumes.
SSL_SESSION* session_of(SSL* ssl, int client, int server) {
  const wire::Sha256Digest key = wire::hmac_sha256(
      as_bytes(side_of(ssl).secret),
      {"clary job network\n", std::to_string(client), "\n", std::to_string(server)});
  constexpr unsigned char kAes128GcmSha256[] = {0x13, 0x01};
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, kAes128GcmSha256);
  SSL_SESSION* session = SSL_SESSION_new();
  if (cipher != nullptr && session != nullptr &&
      SSL_SESSION_set1_master_key(session, reinterpret_cast<const unsigned char*>(key.data()),
                                  key.size()) == 1 &&
      SSL_SESSION_set1_id_context(session, kUse, sizeof kUse) == 1 &&
      SSL_SESSION_set_cipher(session, cipher) == 1 &&
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1) {
    return session;
  }
  SSL_SESSION_free(session);
  return nullptr;
}

// The client names itself; whom it connects to it has noted before.
int offer_key(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* size,
              SSL_SESSION** session) {
  thread_local std::string name;  // OpenSSL copies it before the next handshake of this thread
  const auto peer = kept_peer(ssl);
  *session = nullptr;
  if (!peer) return 0;
  name = std::to_string(side_of(ssl).own);
  *session = session_of(ssl, side_of(ssl).own, *peer);
  *identity = reinterpret_cast<const unsigned char*>(name.data());
  *size = name.size();
  return *session != nullptr ? 1 : 0;
}

int find_key(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) {
  const std::string_view name(reinterpret_cast<const char*>(identity), size);
  int client = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), client);
  *session = nullptr;
  if (error != std::errc() || end != name.data() + name.size() || client < 0) return 1;  // nobody's
  keep_peer(ssl, client);
  *session = session_of(ssl, client, side_of(ssl).own);
  return *session != nullptr ? 1 : 0;
}

SslPointer make(SSL_CTX* context, int socket) {
  SslPointer ssl(SSL_new(context));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) throw StorageError("TLS: no connection");
  return ssl;
}

}  // namespace

void SslFree::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

JobTls::JobTls(std::string secret, int own)
    : side_(std::make_unique<Side>(std::move(secret), own)), context_(SSL_CTX_new(TLS_method())) {
  if (context_ == nullptr) throw StorageError("TLS: no context");
  SSL_CTX_set_app_data(context_, side_.get());
  SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context_, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256");
  // A side without the key could show a certificate instead; none is trusted.
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_id_context(context_, kUse, sizeof kUse);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context_, 0);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_psk_use_session_callback(context_, offer_key);
  SSL_CTX_set_psk_find_session_callback(context_, find_key);
}

JobTls::~JobTls() {
  SSL_CTX_free(context_);
}

SslPointer JobTls::to_instance(int peer, int socket) const {
  SslPointer ssl = make(context_, socket);
  keep_peer(ssl.get(), peer);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

SslPointer JobTls::from_instance(int socket) const {
  SslPointer ssl = make(context_, socket);
  SSL_set_accept_state(ssl.get());
  return ssl;
}

std::optional<int> JobTls::peer_of(const SslPointer& ssl) {
  // The key was used, and not anything else that a side may have offered.
  if (SSL_is_init_finished(ssl.get()) != 1 || SSL_session_reused(ssl.get()) != 1) {
    return std::nullopt;
  }
  return kept_peer(ssl.get());
}

}  // namespace clary::agent
