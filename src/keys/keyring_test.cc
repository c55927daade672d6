#include "keys/keyring.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "base/errors.h"
#include "base/text.h"
#include "base/whole_file.h"
#include "keys/aead.h"
#include "keys/keyring_sealer.h"
#include "store/test_folder.h"

namespace clary::keys {
namespace {

class KeyringTest : public testing::Test {
 protected:
  RootKeySource file_source() const { return root_key_source(folder_.path(), {}, ""); }
  static std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const RootKeyError& error) {
      return error.what();
    }
    return "";
  }
  static RootKeySource variable_source(const SecretKey& key) {
    RootKeySource source;
    source.kind = RootKeySource::Kind::kVariable;
    source.variable = key;
    return source;
  }
  std::string sealed_once() {
    return KeyringSealer(open_keyring(folder_.path(), file_source())).seal("p", "secret", "b");
  }
  std::optional<std::string> opened(const std::string& sealed, const RootKeySource& source) {
    return KeyringSealer(open_keyring(folder_.path(), source)).open("p", sealed, "b");
  }

  store::TestFolder folder_;
};

TEST_F(KeyringTest, AFirstStartMakesTheKeyAndALaterOneOpensWithIt) {
  const std::string sealed = sealed_once();
  struct stat facts{};
  ASSERT_EQ(::stat((folder_ / "root.key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  EXPECT_EQ(opened(sealed, file_source()), "secret");
}

TEST_F(KeyringTest, AStartThatDiedAfterTheKeyFileGoesOn) {
  create_key_file(folder_ / "root.key", random_key());
  const std::string sealed = sealed_once();
  EXPECT_EQ(opened(sealed, file_source()), "secret");
  EXPECT_THROW(create_key_file(folder_ / "root.key", random_key()), StorageError);
}

TEST_F(KeyringTest, AMissingOrOtherKeyIsRefusedAndSaysWhatToDo) {
  const std::string sealed = sealed_once();
  std::filesystem::rename(folder_ / "root.key", folder_ / "kept");
  EXPECT_NE(error_of([&] { opened(sealed, file_source()); }).find("is missing"), std::string::npos);
  create_key_file(folder_ / "root.key", random_key());
  const std::string other = error_of([&] { opened(sealed, file_source()); });
  EXPECT_NE(other.find("holds another root key"), std::string::npos) << other;
  EXPECT_NE(other.find("clary keys import-root"), std::string::npos) << other;
  std::filesystem::rename(folder_ / "kept", folder_ / "root.key");
  EXPECT_EQ(opened(sealed, file_source()), "secret");
}

TEST_F(KeyringTest, AKeyFileThatOthersReadIsRefused) {
  sealed_once();
  ::chmod((folder_ / "root.key").c_str(), 0644);
  EXPECT_NE(error_of([&] { sealed_once(); }).find("chmod 600"), std::string::npos);
}

TEST_F(KeyringTest, RotationOfAFile) {
  const std::string sealed = sealed_once();
  std::filesystem::copy_file(folder_ / "root.key", folder_ / "old");
  ::chmod((folder_ / "old").c_str(), 0600);
  rotate_root_key(folder_.path(), file_source(), random_key());
  EXPECT_EQ(opened(sealed, file_source()), "secret");
  KeyringSealer sealer(open_keyring(folder_.path(), file_source()));
  EXPECT_FALSE(sealer.is_current(sealed));
  EXPECT_NE(error_of([&] { opened(sealed, root_key_source(folder_.path(), folder_ / "old", "")); }),
            "");
}

TEST_F(KeyringTest, ARotationThatDiedBetweenItsStepsOpensWithTheKeyThatIsThere) {
  const std::string sealed = sealed_once();
  std::filesystem::copy_file(folder_ / "root.key", folder_ / "old");
  // As after the first step: the keyring opens with both, the file still holds the old key. A
  // variable as the source stops there.
  const SecretKey old_root = read_root_key(file_source(), Create::kNo);
  const SecretKey fresh = random_key();
  rotate_root_key(folder_.path(), variable_source(old_root), fresh);
  EXPECT_EQ(keyring_fingerprints(folder_.path()).size(), 2U);
  EXPECT_EQ(opened(sealed, file_source()), "secret");
  EXPECT_EQ(keyring_fingerprints(folder_.path()).size(), 2U);
  // As after the second: the file holds the new key, and the next start ends the rotation.
  write_whole_file(folder_ / "root.key", root_key_text(fresh) + "\n", 0600);
  EXPECT_EQ(opened(sealed, file_source()), "secret");
  EXPECT_EQ(keyring_fingerprints(folder_.path()), std::vector{fingerprint_of(fresh)});
  EXPECT_NE(error_of([&] { opened(sealed, variable_source(old_root)); }), "");
}

TEST_F(KeyringTest, ADamagedKeyringIsToldApart) {
  const std::string sealed = sealed_once();
  std::ofstream(folder_ / "keyring.json") << "{";
  EXPECT_NE(error_of([&] { opened(sealed, file_source()); }).find("is damaged"), std::string::npos);
}

TEST_F(KeyringTest, KeysFromTheEnvironmentAreTakenOutOfIt) {
  const SecretKey key = random_key();
  ::setenv("CLARY_ROOT_KEY", root_key_text(key).c_str(), 1);
  const RootKeySource source = root_key_source(folder_.path(), {}, "");
  EXPECT_EQ(std::getenv("CLARY_ROOT_KEY"), nullptr);
  EXPECT_EQ(source.kind, RootKeySource::Kind::kVariable);
  open_keyring(folder_.path(), source);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "root.key"));
  ::setenv("CLARY_ROOT_KEY", "short", 1);
  EXPECT_NE(error_of([&] { file_source(); }).find("32 bytes in Base64"), std::string::npos);
}

TEST_F(KeyringTest, KeysFromACommand) {
  const SecretKey key = random_key();
  const auto source = [&](const std::string& command) {
    return root_key_source(folder_.path(), {}, command);
  };
  const auto fingerprint = [&](const std::string& command) {
    return fingerprint_of(read_root_key(source(command), Create::kNo));
  };
  EXPECT_EQ(fingerprint("printf '%s\\n' \"" + root_key_text(key) + "\""), fingerprint_of(key));
  EXPECT_NE(error_of([&] { fingerprint("false"); }).find("exit code 1"), std::string::npos);
  EXPECT_NE(error_of([&] { fingerprint("/no/such"); }).find("cannot be started"),
            std::string::npos);
  EXPECT_NE(error_of([&] { fingerprint("yes"); }).find("more than a key"), std::string::npos);
  EXPECT_NE(error_of([&] { source("a 'b"); }), "");
  EXPECT_EQ(split_command(R"(a "b c" 'd "e' f\ g "")"),
            (std::vector<std::string>{"a", "b c", "d \"e", "f g", ""}));
}

}  // namespace
}  // namespace clary::keys
