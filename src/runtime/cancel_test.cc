#include "runtime/cancel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>

namespace sp::runtime {
namespace {

// A callback that remembers what it was told.
struct Listener {
  std::function<void()> also = [] {};
  Code heard = Code::ok;
  int times = 0;
  CancelCallback callback{[](void* self, Code why) {
                            auto* listener = static_cast<Listener*>(self);
                            listener->heard = why;
                            ++listener->times;
                            listener->also();
                          },
                          this};
};

TEST(Cancel, tells_everybody_once_and_why) {
  CancelSource source;
  Listener a, b;
  source.subscribe(a.callback);
  source.subscribe(b.callback);
  EXPECT_FALSE(source.cancelled());
  source.cancel(Code::shutting_down);
  source.cancel(Code::timeout);
  EXPECT_EQ(source.why(), Code::shutting_down);
  EXPECT_EQ(a.heard, Code::shutting_down);
  EXPECT_EQ(a.times + b.times, 2);
}

TEST(Cancel, who_comes_late_is_told_at_once) {
  CancelSource source;
  source.cancel();
  Listener late;
  source.subscribe(late.callback);
  EXPECT_EQ(late.heard, Code::cancelled);
  EXPECT_FALSE(late.callback.linked());
}

TEST(Cancel, who_left_is_not_told) {
  CancelSource source;
  Listener stays, leaves;
  {
    Listener gone;
    source.subscribe(gone.callback);
    source.subscribe(stays.callback);
    source.subscribe(leaves.callback);
  }
  leaves.callback.unlink();
  source.cancel();
  EXPECT_EQ(stays.times, 1);
  EXPECT_EQ(leaves.times, 0);
}

TEST(Cancel, goes_down_from_parents_and_not_up) {
  CancelSource root;
  CancelSource middle(root);
  CancelSource leaf(middle), sibling(root);
  leaf.cancel(Code::timeout);
  EXPECT_FALSE(middle.cancelled());
  root.cancel(Code::shutting_down);
  EXPECT_EQ(middle.why(), Code::shutting_down);
  EXPECT_EQ(sibling.why(), Code::shutting_down);
  EXPECT_EQ(leaf.why(), Code::timeout);
}

TEST(Cancel, a_child_of_a_cancelled_parent_is_cancelled) {
  CancelSource parent;
  parent.cancel(Code::timeout);
  CancelSource child(parent);
  EXPECT_EQ(child.why(), Code::timeout);
}

TEST(Cancel, a_child_may_end_before_its_parent) {
  CancelSource parent;
  std::optional<CancelSource> child(std::in_place, parent);
  Listener listener;
  child->subscribe(listener.callback);
  child.reset();
  EXPECT_FALSE(listener.callback.linked());
  parent.cancel();
  EXPECT_EQ(listener.times, 0);
}

TEST(Cancel, callbacks_may_leave_join_and_cancel_again) {
  CancelSource source;
  Listener first, leaves, joins;
  first.also = [&] {
    leaves.callback.unlink();
    source.subscribe(joins.callback);
    source.cancel(Code::timeout);
  };
  source.subscribe(first.callback);
  source.subscribe(leaves.callback);
  source.cancel();
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(leaves.times, 0);
  EXPECT_EQ(joins.heard, Code::cancelled);
}

TEST(Cancel, a_callback_may_end_other_children) {
  CancelSource parent;
  Listener first;
  auto child = std::make_unique<CancelSource>();
  first.also = [&] { child.reset(); };
  parent.subscribe(first.callback);
  child = std::make_unique<CancelSource>(parent);
  parent.cancel();
  EXPECT_EQ(child, nullptr);
}

}  // namespace
}  // namespace sp::runtime
