// A doubly linked list whose links live in its elements: no allocation, removal in constant time from anywhere.
#pragma once

namespace sp {

// Base of what can be in one list at a time. Leaves its list when it is destroyed.
class ListHook {
 public:
  ListHook() = default;
  ~ListHook() { unlink(); }
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;

  bool linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class>
  friend class IntrusiveList;
  ListHook* next_ = nullptr;
  ListHook* previous_ = nullptr;
};

// NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete,clang-analyzer-core.NonNullParamChecker,clang-analyzer-core.CallAndMessage):
// the analyzer does not see that an element which was destroyed has left its list before, and takes the next one for
// it; nor that the root of a list always points somewhere.

// Does not own its elements. T derives from ListHook (once).
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { root_.next_ = root_.previous_ = &root_; }
  ~IntrusiveList() {
    clear();
    root_.next_ = root_.previous_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return root_.next_ == &root_; }
  T* front() { return empty() ? nullptr : static_cast<T*>(root_.next_); }
  T* back() { return empty() ? nullptr : static_cast<T*>(root_.previous_); }
  // The element after `element`, or null at the end.
  T* next(T& element) {
    ListHook* hook = static_cast<ListHook&>(element).next_;
    return hook == &root_ ? nullptr : static_cast<T*>(hook);
  }
  void push_back(T& element) { insert_before(root_, element); }
  void push_front(T& element) { insert_before(*root_.next_, element); }
  T* pop_front() {
    T* element = front();
    if (element != nullptr) static_cast<ListHook*>(element)->unlink();
    return element;
  }
  void clear() {
    while (!empty()) root_.next_->unlink();
  }

 private:
  static void insert_before(ListHook& at, ListHook& hook) {
    hook.unlink();
    hook.next_ = &at;
    hook.previous_ = at.previous_;
    at.previous_->next_ = &hook;
    at.previous_ = &hook;
  }
  ListHook root_;
};

// NOLINTEND(clang-analyzer-cplusplus.NewDelete,clang-analyzer-core.NonNullParamChecker,clang-analyzer-core.CallAndMessage)

}  // namespace sp
