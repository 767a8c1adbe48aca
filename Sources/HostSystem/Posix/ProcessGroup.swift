internal import Glibc

/// The processes that were started together, by the number of their group.
package struct ProcessGroup: Sendable, Hashable {
  package let number: Int32

  /// Nil for what would mean our own group, or every process.
  package init?(_ number: Int32) {
    guard number > 1, number != getpgrp() else { return nil }
    self.number = number
  }

  /// Asks all of them to end.
  package func terminate() { _ = Glibc.kill(-number, SIGTERM) }

  /// Ends all of them at once.
  package func kill() { _ = Glibc.kill(-number, SIGKILL) }
}
