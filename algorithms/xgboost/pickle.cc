#include "algorithms/xgboost/pickle.h"

#include <cstdint>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace clary::algorithms::xgboost {
namespace {

struct Item;
using ItemPtr = Item*;  // owned by the unpickler

enum class Kind {
  kMark,
  kOther,  // numbers, None, booleans: nothing here needs their values
  kText,
  kBytes,
  kList,  // tuples too
  kDict,
  kGlobal,
  kBooster
};

struct Item {
  Kind kind = Kind::kOther;
  std::string text;                                // text, bytes, "module name" of a global
  std::vector<ItemPtr> items;                      // of a list
  std::vector<std::pair<ItemPtr, ItemPtr>> pairs;  // of a dictionary
  std::string handle;                              // of a booster
};

// Opcodes of the pickle protocol, with Python's names (pickletools documents each).
enum Opcode : unsigned char {
  kMarkOp = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kNone = 'N',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kBinFloat = 'G',
  kReduce = 'R',
  kShortBinString = 'U',
  kBinString = 'T',
  kBinUnicode = 'X',
  kShortBinBytes = 'C',
  kBinBytes = 'B',
  kAppend = 'a',
  kAppends = 'e',
  kBuild = 'b',
  kGlobalOp = 'c',
  kDictOp = 'd',
  kEmptyDict = '}',
  kListOp = 'l',
  kEmptyList = ']',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItem = 's',
  kSetItems = 'u',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
  kByteArray8 = 0x96
};

bool is_booster_class(std::string_view name) {
  return name == "xgboost.core Booster";
}

bool is_known_global(std::string_view name) {
  return is_booster_class(name) || name == "builtins bytearray" ||
         name == "__builtin__ bytearray" || name == "builtins object" ||
         name == "__builtin__ object" || name == "copyreg _reconstructor" ||
         name == "copy_reg _reconstructor" || name == "_codecs encode";
}

// UTF-8 text of code points below 256 as the bytes they stand for.
std::string latin1_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      bytes.push_back(text[i]);
    } else if ((c == 0xc2 || c == 0xc3) && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[++i]);
      bytes.push_back(static_cast<char>(((c & 3) << 6) | (next & 0x3f)));
    } else {
      throw PickleError("a byte string holds other characters");
    }
  }
  return bytes;
}

class Unpickler {
 public:
  explicit Unpickler(std::string_view pickle) : rest_(pickle), limit_(8 * pickle.size()) {}

  std::string run() {
    while (step()) {
    }
    const ItemPtr top = pop();
    if (top->kind != Kind::kBooster) fail("it holds no xgboost Booster");
    if (top->handle.empty()) fail("its Booster is empty");
    return std::move(top->handle);
  }

 private:
  [[noreturn]] static void fail(const std::string& reason) {
    throw PickleError("refused the pickle: " + reason);
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) fail("it is cut short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  template <class T>
  T take_number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view take_line() {
    const auto end = rest_.find('\n');
    if (end == rest_.npos) fail("it is cut short");
    const std::string_view line = take(end);
    take(1);
    return line;
  }

  void push(ItemPtr item) { stack_.push_back(item); }
  void push(Kind kind, std::string_view text = {}) {
    // Repeated copies of one long text are no Booster.
    copied_ += text.size();
    if (copied_ > limit_) fail("it grows beyond its size");
    push(&items_.emplace_back(Item{kind, std::string(text), {}, {}, {}}));
  }
  ItemPtr pop() {
    if (stack_.empty()) fail("its stack runs empty");
    const ItemPtr item = stack_.back();
    stack_.pop_back();
    return item;
  }
  ItemPtr& top() {
    if (stack_.empty()) fail("its stack runs empty");
    return stack_.back();
  }
  std::vector<ItemPtr> pop_to_mark() {
    std::size_t at = stack_.size();
    while (at > 0 && stack_[at - 1]->kind != Kind::kMark) --at;
    if (at == 0) fail("it lacks a mark");
    std::vector<ItemPtr> items(stack_.begin() + static_cast<std::ptrdiff_t>(at), stack_.end());
    stack_.resize(at - 1);
    return items;
  }

  void push_list(std::vector<ItemPtr> items) {
    push(Kind::kList);
    top()->items = std::move(items);
  }
  void push_tuple(std::size_t size) {
    std::vector<ItemPtr> items(size);
    for (std::size_t i = size; i > 0; --i) items[i - 1] = pop();
    push_list(std::move(items));
  }

  void push_global(std::string_view module, std::string_view name) {
    const std::string global = std::string(module) + " " + std::string(name);
    if (!is_known_global(global)) {
      fail("it refers to '" + std::string(module.substr(0, 60)) + "." +
           std::string(name.substr(0, 60)) + "', which a saved Booster does not");
    }
    push(Kind::kGlobal, global);
  }

  void set_items(const std::vector<ItemPtr>& flat) {
    const ItemPtr dict = top();
    if (dict->kind != Kind::kDict || flat.size() % 2 != 0) fail("it sets items of no dictionary");
    for (std::size_t i = 0; i < flat.size(); i += 2) {
      dict->pairs.emplace_back(flat[i], flat[i + 1]);
    }
  }

  // The few calls that a saved Booster consists of, done here by hand.
  void reduce() {
    const ItemPtr arguments = pop();
    const ItemPtr function = pop();
    if (function->kind != Kind::kGlobal || arguments->kind != Kind::kList) fail("it calls a value");
    const std::string& name = function->text;
    const auto& items = arguments->items;
    if (name.ends_with(" bytearray") || name == "_codecs encode") {
      std::string bytes;
      if (!items.empty()) {
        const Item& first = *items.front();
        if (first.kind != Kind::kBytes && first.kind != Kind::kText) fail("it has no bytes");
        // With a second argument the text is Latin-1: how protocol 2 writes bytes.
        bytes =
            first.kind == Kind::kText && items.size() > 1 ? latin1_bytes(first.text) : first.text;
      }
      push(Kind::kBytes, bytes);
    } else if (name.ends_with(" _reconstructor")) {
      if (items.empty() || !is_booster_class(items.front()->text)) fail("it rebuilds no Booster");
      push(Kind::kBooster);
    } else {
      fail("it calls '" + name + "'");
    }
  }

  void new_object() {
    pop();
    const ItemPtr type = pop();
    if (type->kind != Kind::kGlobal || !is_booster_class(type->text)) fail("it makes no Booster");
    push(Kind::kBooster);
  }

  void build() {
    const ItemPtr state = pop();
    const ItemPtr object = top();
    if (object->kind != Kind::kBooster || state->kind != Kind::kDict) fail("it builds no Booster");
    for (const auto& [key, value] : state->pairs) {
      if (key->text != "handle") continue;
      if (value->kind != Kind::kBytes && value->kind != Kind::kText) fail("its Booster is empty");
      object->handle = value->text;
    }
  }

  void memoize(std::uint64_t index) { memo_[index] = top(); }
  void recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("it recalls what it never kept");
    push(found->second);
  }

  bool step() {
    const auto opcode = static_cast<unsigned char>(take(1).front());
    if (opcode == kStop) return false;
    if (!step_scalar(opcode) && !step_container(opcode) && !step_object(opcode)) {
      fail("it has the opcode " + std::to_string(opcode));
    }
    return true;
  }

  bool step_scalar(unsigned char opcode) {
    switch (opcode) {
      case kNone:
      case kNewTrue:
      case kNewFalse:
        push(Kind::kOther);
        return true;
      case kBinInt:
        take(4);
        push(Kind::kOther);
        return true;
      case kBinInt1:
        take(1);
        push(Kind::kOther);
        return true;
      case kBinInt2:
        take(2);
        push(Kind::kOther);
        return true;
      case kBinFloat:
        take(8);
        push(Kind::kOther);
        return true;
      case kLong1:
        take(take_number<std::uint8_t>());
        push(Kind::kOther);
        return true;
      case kLong4:
        take(take_number<std::uint32_t>());
        push(Kind::kOther);
        return true;
      case kShortBinString:
        push(Kind::kBytes, take(take_number<std::uint8_t>()));
        return true;
      case kBinString:
        push(Kind::kBytes, take(take_number<std::uint32_t>()));
        return true;
      case kShortBinBytes:
        push(Kind::kBytes, take(take_number<std::uint8_t>()));
        return true;
      case kBinBytes:
        push(Kind::kBytes, take(take_number<std::uint32_t>()));
        return true;
      case kBinBytes8:
      case kByteArray8:
        push(Kind::kBytes, take(take_number<std::uint64_t>()));
        return true;
      case kShortBinUnicode:
        push(Kind::kText, take(take_number<std::uint8_t>()));
        return true;
      case kBinUnicode:
        push(Kind::kText, take(take_number<std::uint32_t>()));
        return true;
      case kBinUnicode8:
        push(Kind::kText, take(take_number<std::uint64_t>()));
        return true;
      default:
        return false;
    }
  }

  bool step_container(unsigned char opcode) {
    switch (opcode) {
      case kMarkOp:
        push(Kind::kMark);
        return true;
      case kPop:
        pop();
        return true;
      case kPopMark:
        pop_to_mark();
        return true;
      case kDup:
        push(top());
        return true;
      case kEmptyList:
      case kEmptyTuple:
        push(Kind::kList);
        return true;
      case kListOp:
      case kTuple:
        push_list(pop_to_mark());
        return true;
      case kTuple1:
        push_tuple(1);
        return true;
      case kTuple2:
        push_tuple(2);
        return true;
      case kTuple3:
        push_tuple(3);
        return true;
      case kAppend:
        append({pop()});
        return true;
      case kAppends:
        append(pop_to_mark());
        return true;
      case kEmptyDict:
        push(Kind::kDict);
        return true;
      case kDictOp: {
        const std::vector<ItemPtr> flat = pop_to_mark();
        push(Kind::kDict);
        set_items(flat);
        return true;
      }
      case kSetItem: {
        const ItemPtr value = pop();
        const ItemPtr key = pop();
        set_items({key, value});
        return true;
      }
      case kSetItems:
        set_items(pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool step_object(unsigned char opcode) {
    switch (opcode) {
      case kProto:
        take(1);
        return true;
      case kFrame:
        take(8);
        return true;
      case kBinGet:
        recall(take_number<std::uint8_t>());
        return true;
      case kLongBinGet:
        recall(take_number<std::uint32_t>());
        return true;
      case kBinPut:
        memoize(take_number<std::uint8_t>());
        return true;
      case kLongBinPut:
        memoize(take_number<std::uint32_t>());
        return true;
      case kMemoize:
        memoize(memo_.size());
        return true;
      case kGlobalOp: {
        const std::string_view module = take_line();
        push_global(module, take_line());
        return true;
      }
      case kStackGlobal: {
        const ItemPtr name = pop();
        const ItemPtr module = pop();
        push_global(module->text, name->text);
        return true;
      }
      case kNewObj:
        new_object();
        return true;
      case kReduce:
        reduce();
        return true;
      case kBuild:
        build();
        return true;
      default:
        return false;
    }
  }

  void append(std::vector<ItemPtr> items) {
    const ItemPtr list = top();
    if (list->kind != Kind::kList) fail("it appends to no list");
    for (const ItemPtr item : items) {
      list->items.push_back(item);
    }
  }

  std::string_view rest_;
  const std::uint64_t limit_;
  std::uint64_t copied_ = 0;
  std::deque<Item> items_;
  std::vector<ItemPtr> stack_;
  std::unordered_map<std::uint64_t, ItemPtr> memo_;
};

}  // namespace

std::string booster_in_pickle(std::string_view pickle) {
  return Unpickler(pickle).run();
}

}  // namespace clary::algorithms::xgboost
