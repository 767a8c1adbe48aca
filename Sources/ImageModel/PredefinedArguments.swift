/// Arguments that need no ARG: engines use them themselves.
package enum PredefinedArguments {
  private static let names: Set<String> = [
    "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy", "source_date_epoch",
  ]
  private static let prefixes = ["BUILDKIT_", "TARGET", "BUILD"]
  private static let suffixes = ["PLATFORM", "OS", "ARCH", "VARIANT", "STAGE"]

  package static func contain(_ name: String) -> Bool {
    if names.contains(name.lowercased()) || name.hasPrefix("BUILDKIT_") { return true }
    return prefixes.contains { prefix in
      name.hasPrefix(prefix) && suffixes.contains { name.dropFirst(prefix.count) == $0 }
    }
  }
}
