package import ImageModel

/// What the first bytes of a program say about the processor that it is for.
package struct ELFHeader: Sendable, Hashable {
  /// How many bytes are enough.
  package static let size = 20

  package let architecture: SIFArchitecture

  /// Nil when the bytes do not begin an ELF file.
  package init?(_ bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(Self.size))
    guard head.count == Self.size, head.starts(with: [0x7F, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")])
    else { return nil }
    let is64 = head[4] == 2
    let isLittle = head[5] == 1
    let machine = isLittle ? Int(head[18]) | Int(head[19]) << 8 : Int(head[18]) << 8 | Int(head[19])
    architecture =
      switch (machine, is64, isLittle) {
      case (3, false, true): .i386
      case (62, _, true): .amd64
      case (40, false, true): .arm
      case (183, true, true): .arm64
      case (21, true, false): .ppc64
      case (21, true, true): .ppc64le
      case (8, false, false): .mips
      case (8, false, true): .mipsle
      case (8, true, false): .mips64
      case (8, true, true): .mips64le
      case (22, true, false): .s390x
      case (243, true, true): .riscv64
      case (258, true, true): .loong64
      default: .unknown
      }
  }

  /// A warning when a program of the image is for another processor than the image's config says.
  /// - Parameter program: its path in the image.
  package func contradiction(to declared: SIFArchitecture, program: FilePath) -> Diagnostic? {
    if architecture == declared || architecture == .unknown { return nil }
    return Diagnostic(
      .warning, "the image's config says \(declared), but \(program) is a program for \(architecture)",
      help: "build the image again for the platform that it is meant for")
  }
}
