#include "server/tls_authority.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "base/errors.h"
#include "base/random.h"

namespace clary::server {
namespace {

class TlsAuthorityTest : public testing::Test {
 protected:
  TlsAuthorityTest()
      : folder_(std::filesystem::temp_directory_path() / ("clary-tls-" + random_hex(6))) {}
  ~TlsAuthorityTest() override { std::filesystem::remove_all(folder_); }

  // Whether a client that trusts only `bundle` would accept `context` as `host`.
  static bool trusted(const std::filesystem::path& bundle, void* context, const char* host) {
    X509* certificate = SSL_CTX_get0_certificate(static_cast<SSL_CTX*>(context));
    X509_STORE* store = X509_STORE_new();
    X509_STORE_load_file(store, bundle.c_str());
    X509_STORE_CTX* check = X509_STORE_CTX_new();
    X509_STORE_CTX_init(check, store, certificate, nullptr);
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(check);
    X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    const bool ok = X509_verify_cert(check) == 1;
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return ok;
  }

  std::filesystem::path folder_;
};

TEST_F(TlsAuthorityTest, MakesCertificatesThatStrictClientsAccept) {
  TlsAuthority authority(folder_);
  void* context = authority.context_for("sts.us-west-2.amazonaws.com");
  EXPECT_TRUE(trusted(authority.bundle_file(), context, "sts.us-west-2.amazonaws.com"));
  EXPECT_FALSE(trusted(authority.bundle_file(), context, "example.com"));
  EXPECT_EQ(authority.context_for("STS.us-west-2.amazonaws.com"), context);
}

TEST_F(TlsAuthorityTest, KeepsItsKeyPrivateAndForTheNextServer) {
  std::filesystem::path bundle;
  {
    TlsAuthority first(folder_);
    bundle = folder_ / "bundle-of-the-first.pem";
    std::filesystem::copy_file(first.bundle_file(), bundle);
  }
  struct stat info{};
  ASSERT_EQ(stat((folder_ / "ca.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  TlsAuthority second(folder_);
  EXPECT_TRUE(trusted(bundle, second.context_for("localhost"), "localhost"));
}

TEST_F(TlsAuthorityTest, GivesOddNamesTheCertificateOfLocalhost) {
  TlsAuthority authority(folder_);
  void* localhost = authority.context_for("localhost");
  EXPECT_EQ(authority.context_for(""), localhost);
  EXPECT_EQ(authority.context_for("a,DNS:evil.example"), localhost);
  EXPECT_EQ(authority.context_for(std::string(300, 'a')), localhost);
  for (std::size_t i = 0; i < TlsAuthority::kMaxHosts; ++i) {
    authority.context_for("host" + std::to_string(i) + ".amazonaws.com");
  }
  EXPECT_EQ(authority.context_for("one-too-many.amazonaws.com"), localhost);
}

TEST_F(TlsAuthorityTest, RefusesADamagedKey) {
  {
    TlsAuthority authority(folder_);
  }
  std::ofstream(folder_ / "ca.key") << "torn";
  EXPECT_THROW(TlsAuthority{folder_}, StorageError);
}

}  // namespace
}  // namespace clary::server
