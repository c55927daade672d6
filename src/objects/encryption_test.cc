// Encrypted objects in the store, and checksums of all bytes at rest.
#include <fstream>

#include "base/errors.h"
#include "keys/chunk_cipher.h"
#include "objects/store_fixture.h"

namespace clary::objects {
namespace {

const std::string kMarker = "a marker that must not be seen on disk ";

class EncryptionTest : public StoreFixture {
 protected:
  // Text that shows on any disk it is written to.
  static std::string marked(std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes += kMarker;
    bytes.resize(size);
    return bytes;
  }

  Outcome<ObjectInfo> put_sealed(const std::string& key, std::string_view bytes,
                                 EtagKind etag = EtagKind::kMd5) {
    PutOptions options;
    options.encryption = {.scheme = "AES256",
                          .object_key = "sealed",
                          .kms_sealed = {},
                          .kms_key_arn = {},
                          .context = {}};
    auto writer = store_->open_writer(bytes.size(), WriteKey{key_, etag});
    for (std::size_t at = 0; at < bytes.size(); at += 70'000) {
      writer->write(as_bytes(bytes.substr(at, 70'000)));
    }
    return store_->put(bucket_, ObjectKey(key), *writer, options);
  }

  ObjectContent open(const std::string& key) {
    auto content = store_->get(bucket_, ObjectKey(key));
    EXPECT_FALSE(content->readable());
    content->unlock(key_, ObjectContent::Keep::kNo);
    return std::move(*content);
  }

  std::string get_sealed(const std::string& key) {
    auto content = open(key);
    std::string bytes(content.info().size, '\0');
    EXPECT_EQ(content.read(0, bytes.data(), bytes.size()), bytes.size());
    return bytes;
  }

  // Every file of the data folder that holds the text.
  std::size_t files_with(std::string_view text) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(file), {});
      if (bytes.find(text) != std::string::npos) ++count;
    }
    return count;
  }

  std::filesystem::path only_file() const {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path() / "data")) {
      if (entry.is_regular_file()) return entry.path();
    }
    return {};
  }

  static void flip_bit(const std::filesystem::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(at);
    const char byte = static_cast<char>(stream.get() ^ 1);
    stream.seekp(at);
    stream.put(byte);
  }

  const keys::SecretKey key_ = keys::random_key();
};

TEST_F(EncryptionTest, BytesComeBackAndDoNotShowOnDisk) {
  for (const std::size_t size :
       {0UL, 10UL, kInlineBytes, kInlineBytes + 1, 65'536UL, 1'000'000UL}) {
    ASSERT_TRUE(put_sealed("k" + std::to_string(size), marked(size)));
    EXPECT_EQ(get_sealed("k" + std::to_string(size)), marked(size)) << size;
  }
  EXPECT_EQ(files_with(kMarker), 0U);
  reopen();
  EXPECT_EQ(get_sealed("k1000000"), marked(1'000'000));
}

TEST_F(EncryptionTest, TheMarkerIsFoundWhereNothingIsEncrypted) {
  put("small", marked(100));
  put("large", marked(100'000));
  EXPECT_GE(files_with(kMarker), 2U);
}

TEST_F(EncryptionTest, RangesOfALargeObject) {
  const auto bytes = pattern(5 * keys::kChunkBytes / 2);
  put_sealed("a", bytes);
  auto content = open("a");
  for (const std::size_t offset : {0UL, 1UL, keys::kChunkBytes - 1, keys::kChunkBytes, 150'000UL}) {
    for (const std::size_t length : {1UL, 100UL, keys::kChunkBytes, keys::kChunkBytes + 5}) {
      std::string read(length, '\0');
      read.resize(content.read(offset, read.data(), length));
      EXPECT_EQ(read, bytes.substr(offset, length)) << offset << " " << length;
    }
  }
}

TEST_F(EncryptionTest, TheEtagIsAnMd5OrNot) {
  const auto plain = put("plain", "abc").etag;
  EXPECT_EQ(put_sealed("sealed", "abc")->etag, plain);
  const auto random = put_sealed("random", "abc", EtagKind::kRandom)->etag;
  EXPECT_NE(random, plain);
  EXPECT_EQ(random.size(), plain.size());
  EXPECT_EQ(put_sealed("again", "abc", EtagKind::kRandom)->etag, random);
}

TEST_F(EncryptionTest, PartsOfAnUploadShareItsKey) {
  UploadInfo upload;
  upload.key = ObjectKey("m");
  upload.options.encryption = {.scheme = "AES256",
                               .object_key = "sealed",
                               .kms_sealed = {},
                               .kms_key_arn = {},
                               .context = {}};
  const auto id = store_->create_upload(bucket_, upload)->upload_id;
  const auto bytes = pattern(kMinPartBytes + 10);
  std::vector<CompletedPart> parts;
  for (int number : {1, 2}) {
    auto writer = store_->open_writer(bytes.size(), WriteKey{key_});
    writer->write(as_bytes(bytes));
    const auto part = store_->put_part(bucket_, ObjectKey("m"), id, number, *writer, {});
    parts.push_back({number, part->etag, {}});
  }
  const auto info = store_->complete_upload(bucket_, ObjectKey("m"), {id, parts, {}, {}});
  EXPECT_EQ(info->encryption.scheme, "AES256");
  EXPECT_EQ(get_sealed("m"), bytes + bytes);
}

TEST_F(EncryptionTest, ACopyWithTheSameKeySharesTheFile) {
  const auto bytes = pattern(100'000);
  put_sealed("a", bytes);
  ObjectStore::CopyRequest request{bucket_, ObjectKey("a"), bucket_, ObjectKey("b"), {}, {}, {}};
  request.target.encryption = open("a").info().encryption;
  request.source_encryption = request.target.encryption;
  request.unlock = key_;
  request.write = WriteKey{key_};
  request.same_key = true;
  ASSERT_TRUE(store_->copy(request));
  EXPECT_EQ(std::filesystem::hard_link_count(only_file()), 2U);
  EXPECT_EQ(get_sealed("b"), bytes);
}

TEST_F(EncryptionTest, ACopyWithAnotherKeyIsWrittenAnew) {
  const auto bytes = pattern(100'000);
  put_sealed("a", bytes);
  ObjectStore::CopyRequest request{bucket_, ObjectKey("a"), bucket_, ObjectKey("b"), {}, {}, {}};
  request.unlock = key_;
  EXPECT_EQ(store_->copy(request).error(), StoreError::kPreconditionFailed);
  request.source_encryption = open("a").info().encryption;
  ASSERT_TRUE(store_->copy(request));
  EXPECT_EQ(get("b"), bytes);
}

TEST_F(EncryptionTest, DamageOfAFileIsSeenByWhoReadsIt) {
  put_sealed("a", pattern(300'000));
  flip_bit(only_file(), 100'000);
  auto content = open("a");
  std::string bytes(300'000, '\0');
  EXPECT_THROW(content.read(0, bytes.data(), bytes.size()), StorageError);
  // What is before the damage can be had.
  EXPECT_EQ(content.read(0, bytes.data(), 1000), 1000U);
}

TEST_F(EncryptionTest, ACutFileIsSeenByWhoReadsIt) {
  put_sealed("a", pattern(2 * keys::kChunkBytes));
  std::filesystem::resize_file(only_file(), keys::kHeaderBytes + keys::kSealedChunkBytes);
  auto content = open("a");
  std::string bytes(2 * keys::kChunkBytes, '\0');
  EXPECT_THROW(content.read(0, bytes.data(), bytes.size()), StorageError);
}

TEST_F(EncryptionTest, AnotherKeyDoesNotOpen) {
  put_sealed("small", "bytes");
  auto content = store_->get(bucket_, ObjectKey("small"));
  EXPECT_THROW(content->unlock(keys::random_key(), ObjectContent::Keep::kYes), StorageError);
}

TEST_F(EncryptionTest, SmallBytesAreKeptOpenInMemory) {
  put_sealed("small", "bytes");
  auto content = store_->get(bucket_, ObjectKey("small"));
  content->unlock(key_, ObjectContent::Keep::kYes);
  const auto again = store_->cached(bucket_, ObjectKey("small"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->readable());
  EXPECT_EQ(*again->inline_bytes(), "bytes");
}

}  // namespace
}  // namespace clary::objects
