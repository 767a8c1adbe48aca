/// Which registries may speak plain http: those of this machine.
enum Loopback {
  static func isLoopback(_ registry: String) -> Bool {
    var host = registry[...]
    if host.hasPrefix("[") { return host.hasPrefix("[::1]") }
    if let colon = host.lastIndex(of: ":") { host = host[..<colon] }
    if host == "localhost" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts.allSatisfy { $0 != nil } && parts[0] == 127
  }
}
