// TLS 1.3 between the agents of one job. No certificates: both sides show that they know a key of
// the job's secret, made for this one pair and direction.
#pragma once

#include <memory>
#include <optional>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace clary::agent {

struct SslFree {
  void operator()(ssl_st* ssl) const;
};
using SslPointer = std::unique_ptr<ssl_st, SslFree>;

// threads: one. Must outlive the connections that it made.
class JobTls {
 public:
  // `own`: this instance's index. Throws StorageError.
  JobTls(std::string secret, int own);
  ~JobTls();
  JobTls(const JobTls&) = delete;
  JobTls& operator=(const JobTls&) = delete;

  // Of a connected or connecting socket, which it does not own.
  SslPointer to_instance(int peer, int socket) const;
  SslPointer from_instance(int socket) const;
  // Who is on the other side, once hands are shaken. Nullopt: nobody of this job.
  static std::optional<int> peer_of(const SslPointer& ssl);

  struct Side;  // for the callbacks of OpenSSL

 private:
  std::unique_ptr<Side> side_;
  ssl_ctx_st* context_;
};

}  // namespace clary::agent
