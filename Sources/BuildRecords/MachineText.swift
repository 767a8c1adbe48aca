internal import ImageModel

/// The steps of a VM image in words, no two alike: for lists of inputs and for people.
enum MachineText {
  static func step(_ step: MachineStep) -> String {
    switch step.action {
    case .copy(let copy):
      var text = words(["copy"] + copy.from.map { path($0.value) } + ["to", copy.to])
      if let owner = copy.owner { text += " owner \(word(owner))" }
      if let mode = copy.mode { text += " mode 0\(String(mode, radix: 8))" }
      return text
    case .run(let run):
      let network = run.usesNetwork ? "run with network" : "run"
      switch run.program {
      case .shell(let text): return "\(network) sh -c \(word(text))"
      case .command(let command): return "\(network) command \(words(command))"
      case .script(let script, let arguments): return "\(network) script \(words([path(script.value)] + arguments))"
      }
    case .environment(let variables):
      let sorted = variables.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      return words(["environment"] + sorted.map { "\($0)=\(InputReader.shown($1, of: $0))" })
    case .rootfs(let rootfs):
      return words(["rootfs", rootfs.image.description, "path", rootfs.path, "exclude"] + rootfs.exclude)
    case .userInstall(let install):
      return words(["user_install", path(install.from.value), "to", install.to])
    }
  }

  /// As files are named in lists.
  static func path(_ written: String) -> String { FilePath(written).normalized.description }

  static func words(_ words: [String]) -> String { words.map(word).joined(separator: " ") }

  /// In quotes where it could be taken for something else.
  private static func word(_ text: String) -> String {
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
    if isPlain { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
