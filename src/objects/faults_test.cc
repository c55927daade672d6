// A process that is killed, a disk that is full: an acknowledged object is whole, another is
// absent.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <thread>

#include "base/errors.h"
#include "base/text.h"
#include "objects/object_store.h"
#include "store/test_folder.h"

namespace clary::objects {
namespace {

const BucketName kBucket("b");

std::string pattern(int seed, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(i * 7 + i / 253 + static_cast<std::size_t>(seed));
  }
  return bytes;
}

// Small and large ones in turn.
std::size_t size_of(int n) {
  return n % 3 == 0 ? 200'000 : 700;
}

std::string read_all(ObjectStore& store, const std::string& key) {
  auto content = store.get(kBucket, ObjectKey(key));
  if (!content) return "absent";
  std::string bytes(content->info().size, '\0');
  content->read(0, bytes.data(), bytes.size());
  return bytes;
}

std::size_t file_count(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "data")) {
    if (entry.is_regular_file()) ++count;
  }
  return count;
}

// Runs `work` in a child, which reports numbers; kills it once `enough` came. Returns all of them.
std::vector<int> run_and_kill(std::size_t enough,
                              const std::function<void(const std::function<void(int)>&)>& work) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    work([&](int n) {
      if (write(ends[1], &n, sizeof n) != sizeof n) _exit(1);
    });
    _exit(0);
  }
  close(ends[1]);
  std::vector<int> reported;
  int n = 0;
  while (reported.size() < enough && read(ends[0], &n, sizeof n) == sizeof n) reported.push_back(n);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(ends[0], &n, sizeof n) == sizeof n) reported.push_back(n);
  close(ends[0]);
  return reported;
}

TEST(ObjectFaultsTest, KilledInTheMiddleOfPuts) {
  store::TestFolder folder;
  const SystemClock clock;
  const auto acknowledged = run_and_kill(120, [&](const std::function<void(int)>& report) {
    ObjectStore store(folder.path(), clock);
    (void)store.create_bucket({kBucket, "1", "r", {}});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int n = t;; n += 4) {
          const auto bytes = pattern(n, size_of(n));
          auto writer = store.open_writer(bytes.size());
          writer->write(as_bytes(bytes));
          if (store.put(kBucket, ObjectKey(std::to_string(n)), *writer, {})) report(n);
        }
      });
    }
    threads.front().join();
  });
  ASSERT_GE(acknowledged.size(), 120U);
  ObjectStore store(folder.path(), clock);
  for (const int n : acknowledged) {
    EXPECT_EQ(read_all(store, std::to_string(n)), pattern(n, size_of(n))) << n;
  }
  // What was committed and not acknowledged any more is whole too, and nothing else is left.
  store.wait_for_sweep();
  std::size_t large = 0;
  for (const auto& info : store.list({kBucket, "", "", "", 1'000'000})->objects) {
    const int n = std::stoi(info.key.str());
    EXPECT_EQ(read_all(store, info.key.str()), pattern(n, size_of(n)));
    large += info.size > kInlineBytes ? 1 : 0;
  }
  EXPECT_EQ(file_count(folder.path()), large);
}

TEST(ObjectFaultsTest, KilledInTheMiddleOfMultipart) {
  store::TestFolder folder;
  const SystemClock clock;
  const std::string five = pattern(1, 5 << 20);
  const auto acknowledged = run_and_kill(4, [&](const std::function<void(int)>& report) {
    ObjectStore store(folder.path(), clock);
    (void)store.create_bucket({kBucket, "1", "r", {}});
    for (int n = 0;; ++n) {
      UploadInfo upload;
      upload.key = ObjectKey(std::to_string(n));
      upload.upload_id = store.create_upload(kBucket, upload)->upload_id;
      std::vector<CompletedPart> parts;
      for (int number = 1; number <= 2; ++number) {
        const auto bytes = number == 1 ? five : pattern(n, 1000);
        auto writer = store.open_writer(bytes.size());
        writer->write(as_bytes(bytes));
        const auto part =
            store.put_part(kBucket, upload.key, upload.upload_id, number, *writer, {});
        parts.push_back({number, part->etag, {}});
      }
      if (store.complete_upload(kBucket, upload.key, {upload.upload_id, parts, {}, {}})) report(n);
    }
  });
  ASSERT_GE(acknowledged.size(), 4U);
  ObjectStore store(folder.path(), clock);
  store.wait_for_sweep();
  for (const int n : acknowledged) {
    EXPECT_EQ(read_all(store, std::to_string(n)), five + pattern(n, 1000)) << n;
  }
  std::size_t files = 0;
  for (const auto& info : store.list({kBucket, "", "", "", 1000})->objects) {
    const int n = std::stoi(info.key.str());
    EXPECT_EQ(read_all(store, info.key.str()), five + pattern(n, 1000));
    files += 2;
  }
  for (const auto& upload : store.uploads(kBucket, "", "", "", 1000).value()) {
    files += store.parts(kBucket, upload.key, upload.upload_id, 0, 10)->size();
  }
  EXPECT_EQ(file_count(folder.path()), files);
}

// A small file system of its own, where the tests may mount one (as root).
TEST(ObjectFaultsTest, AFullDiskIsSaidSoAndHarmsNothing) {
  store::TestFolder folder;
  if (mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=6m") != 0) {
    GTEST_SKIP() << "cannot mount: " << std::strerror(errno);
  }
  {
    const SystemClock clock;
    ObjectStore store(folder.path(), clock);
    ASSERT_TRUE(store.create_bucket({kBucket, "1", "r", {}}));
    const auto put = [&](const std::string& key, std::size_t size,
                         std::optional<std::uint64_t> hint) {
      const auto bytes = pattern(1, size);
      auto writer = store.open_writer(hint);
      writer->write(as_bytes(bytes));
      return store.put(kBucket, ObjectKey(key), *writer, {}).has_value();
    };
    EXPECT_TRUE(put("first", 100'000, 100'000));
    for (const std::optional<std::uint64_t> hint : {std::optional<std::uint64_t>(20 << 20), {}}) {
      try {
        put("too large", 20 << 20, hint);
        ADD_FAILURE() << "no room, and no error";
      } catch (const StorageError& error) {
        EXPECT_TRUE(error.full()) << error.what();
      }
      EXPECT_EQ(file_count(folder.path()), 1U);
    }
    // Small ones until the database itself finds no room.
    int stored = 0;
    try {
      for (; stored < 1000; ++stored) put("s" + std::to_string(stored), 20'000, 20'000);
      ADD_FAILURE() << "no room, and no error";
    } catch (const StorageError& error) {
      EXPECT_TRUE(error.full()) << error.what();
    }
    EXPECT_EQ(read_all(store, "first"), pattern(1, 100'000));
    for (int i = 0; i < stored; ++i) {
      EXPECT_EQ(read_all(store, "s" + std::to_string(i)).size(), 20'000U);
    }
    EXPECT_EQ(read_all(store, "s" + std::to_string(stored)), "absent");
  }
  {
    const SystemClock clock;
    ObjectStore store(folder.path(), clock);
    EXPECT_EQ(read_all(store, "first"), pattern(1, 100'000));
  }
  umount(folder.path().c_str());
}

}  // namespace
}  // namespace clary::objects
