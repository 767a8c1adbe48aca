package import ImageModel

/// A processor architecture in the codes of SIF.
package enum SIFArchitecture: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case unknown = 0, i386, amd64, arm, arm64, ppc64, ppc64le, mips, mipsle, mips64, mips64le, s390x, riscv64, loong64

  /// OCI's word: `amd64`, `386`.
  package var description: String {
    switch self {
    case .unknown: "unknown"
    case .i386: "386"
    case .amd64: "amd64"
    case .arm: "arm"
    case .arm64: "arm64"
    case .ppc64: "ppc64"
    case .ppc64le: "ppc64le"
    case .mips: "mips"
    case .mipsle: "mipsle"
    case .mips64: "mips64"
    case .mips64le: "mips64le"
    case .s390x: "s390x"
    case .riscv64: "riscv64"
    case .loong64: "loong64"
    }
  }

  /// The architecture of an OCI platform; nil when SIF has no code for it.
  package init?(_ platform: Platform) {
    guard
      let found = Self.allCases.first(where: { $0 != .unknown && $0.description == platform.architecture })
    else { return nil }
    self = found
  }

  /// Two decimal digits and a zero byte; any other code is `unknown`.
  init(code: ArraySlice<UInt8>) {
    let number = UInt8(String(decoding: code.prefix { $0 != 0 }, as: UTF8.self))
    self = number.flatMap { Self(rawValue: $0) } ?? .unknown
  }

  var code: [UInt8] { [48 + rawValue / 10, 48 + rawValue % 10, 0] }
}
