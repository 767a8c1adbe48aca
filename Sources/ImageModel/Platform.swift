/// An operating system and architecture in OCI's words: `linux/amd64`, `linux/arm/v7`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
  package var os: String
  package var architecture: String
  package var variant: String?

  package init(os: String, architecture: String, variant: String? = nil) {
    self.os = os
    self.architecture = architecture
    self.variant = variant
  }

  /// Parses `OS/ARCHITECTURE[/VARIANT]`.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.init(os: String(parts[0]), architecture: String(parts[1]), variant: parts.count == 3 ? String(parts[2]) : nil)
  }

  package var description: String { [os, architecture, variant].compactMap(\.self).joined(separator: "/") }

  /// What this program runs on, and what images are built for where nothing else is said.
  package static var host: Platform {
    #if arch(x86_64)
      Platform(os: "linux", architecture: "amd64")
    #elseif arch(arm64)
      Platform(os: "linux", architecture: "arm64")
    #elseif arch(powerpc64le)
      Platform(os: "linux", architecture: "ppc64le")
    #elseif arch(s390x)
      Platform(os: "linux", architecture: "s390x")
    #else
      Platform(os: "linux", architecture: "unknown")
    #endif
  }
}
