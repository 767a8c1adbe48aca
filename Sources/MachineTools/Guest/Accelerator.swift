internal import HostSystem
internal import ImageModel

/// What runs a guest's instructions.
package enum Accelerator: String, Sendable, CaseIterable {
  /// The processor itself.
  case kvm
  /// qemu, one by one: everywhere, and ten times slower.
  case tcg

  var arguments: [String] {
    switch self {
    case .kvm: ["-accel", "kvm", "-cpu", "host"]
    // Programs of today want more than qemu's first processor has: these are the instructions of x86-64-v2.
    case .tcg:
      [
        "-accel", "tcg,thread=multi,tb-size=512", "-cpu",
        "qemu64,+cx16,+lahf-lm,+popcnt,+pni,+ssse3,+sse4.1,+sse4.2",
      ]
    }
  }
}
