internal import CSys
internal import Glibc

/// A request of the outside to end.
package enum EndSignal: Int32, Sendable, CaseIterable {
  case hangUp = 1
  case interrupt = 2
  case terminate = 15
}

/// Tells of signals on a thread of its own, for the rest of the process's life; there can be only one.
package struct SignalWatcher: Sendable {
  /// - Parameter handler: may do anything: it does not run in the signal's context.
  package init(signals: [EndSignal], handler: @escaping @Sendable (EndSignal) -> Void) {
    let reader = cs_signal_pipe()
    guard reader >= 0 else { return }
    let isStarted = startThread {
      var byte: UInt8 = 0
      while uninterrupted({ read(reader, &byte, 1) }).result == 1 {
        if let signal = EndSignal(rawValue: Int32(byte)) { handler(signal) }
      }
    }
    guard isStarted else { return }
    for signal in signals { _ = cs_trap(signal.rawValue) }
  }
}
