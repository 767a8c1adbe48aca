import ContentStore
import HostSystem
import ImageModel
import TestSupport

/// buildah and a generator's program, played: what they make depends on what they are given alone, and their images
/// lie in memory, where no fault of the disk reaches them.
final class PlayedEngine: Sendable {
  private struct State {
    var archives: [String: [UInt8]] = [:]
    var names: [String: String] = [:]
    var builds = 0
  }

  private let disk: any FileSystem
  private let state = Locked(State())

  init(on disk: any FileSystem) { self.disk = disk }

  /// Builds and generator runs so far, trials not counted.
  var builds: Int { state.withLock { $0.builds } }

  /// An engine of its own with the same images, on another disk.
  func duplicate(on disk: any FileSystem) -> PlayedEngine {
    let copy = PlayedEngine(on: disk)
    let mine = state.withLock { $0 }
    copy.state.withLock { $0 = mine }
    return copy
  }

  var processes: ScriptedProcessRunner {
    ScriptedProcessRunner { [self] call in
      let words = call.arguments.dropFirst()
      let directory = call.directory ?? "/"
      if call.arguments.first?.hasSuffix("make-it") == true { return try generate(words.first ?? "", directory) }
      switch words.first {
      case "--version": return .prints("buildah version 1.28.2 (image-spec 1.0.2)")
      case "bud": return try build(directory, context: words.last ?? "")
      case "push":
        let id = id(words.dropFirst(2).first)
        return .init(output: state.withLock { $0.archives[id] } ?? [])
      case "pull": return try load(FilePath(words.last?.split(separator: ":").last ?? ""))
      case "inspect":
        let id = id(words.last)
        return state.withLock { $0.archives[id] } == nil ? .fails() : .prints(id)
      case "tag":
        let id = id(words.dropFirst().first)
        state.withLock { state in for name in words.dropFirst(2) { state.names[name] = id } }
        return .prints("")
      case "containers": return .prints("[]")
      default: return .prints("")
      }
    }
  }

  private func id(_ name: String?) -> String {
    guard let name else { return "" }
    return state.withLock { $0.names[name] } ?? Digest(name)?.hex ?? name
  }

  private func generate(_ output: String, _ directory: FilePath) throws -> ScriptedProcessRunner.Answer {
    state.withLock { $0.builds += 1 }
    let input = try disk.contents(of: directory / "packages", limit: 1 << 20)
    try disk.replace(FilePath(output), with: Array("made of ".utf8) + input, mode: 0o644)
    return .prints("made")
  }

  private func build(_ directory: FilePath, context: String) throws -> ScriptedProcessRunner.Answer {
    var content = BytesWriter().bytes
    func add(_ place: FilePath) throws {
      for entry in try disk.entries(of: place) {
        content += Array("\(entry.name) \(entry.status.mode)\n".utf8)
        if entry.status.kind == .directory {
          try add(place / entry.name)
        } else {
          content += try disk.contents(of: place / entry.name, limit: 1 << 20)
        }
      }
    }
    content += try disk.contents(of: directory / "Dockerfile", limit: 1 << 20)
    try add(directory / FilePath(context))
    let (config, archive) = try Self.image(content)
    let isTrial = directory.name.description.hasPrefix("trial-")
    state.withLock { state in
      state.archives[config.hex] = archive
      if !isTrial { state.builds += 1 }
    }
    try disk.replace(directory / "image-id", with: Array("\(config)".utf8), mode: 0o644)
    return .prints("STEP 1: made")
  }

  private func load(_ path: FilePath) throws -> ScriptedProcessRunner.Answer {
    let name = path.name.description.dropFirst("archive-".count).prefix(64)
    let archive = try disk.contents(of: path, limit: 1 << 20)
    state.withLock { $0.archives[String(name)] = archive }
    return .prints("")
  }

  /// Two layers: one that all images share, and one with the content.
  private static func image(_ content: [UInt8]) throws -> (config: Digest, archive: [UInt8]) {
    let layers = [tar([("etc/shared", Array("shared".utf8))]), tar([("content", content)])]
    let ids = layers.map { Digest.sha256($0) }
    let list = ids.map { #""\#($0)""# }.joined(separator: ",")
    let config = Array(
      #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[\#(list)]}}"#.utf8)
    let digest = Digest.sha256(config)
    let names = ids.map { #""\#($0.hex).tar""# }.joined(separator: ",")
    let manifest = #"[{"Config":"\#(digest.hex).json","RepoTags":null,"Layers":[\#(names)]}]"#
    let entries = zip(ids, layers).map { ("\($0.hex).tar", $1) }
    return (
      digest, tar(entries + [("\(digest.hex).json", config), ("manifest.json", Array(manifest.utf8))])
    )
  }

  private static func tar(_ entries: [(name: String, content: [UInt8])]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, content) in entries {
      var block = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ offset: Int) {
        block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
      }
      func octal(_ number: Int, _ digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: digits - text.count) + text
      }
      put(name, 0)
      put("0000644\u{0}0000000\u{0}0000000\u{0}\(octal(content.count, 11))\u{0}00000000000\u{0}        0", 100)
      put("ustar\u{0}00", 257)
      put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", 148)
      bytes += block + content + [UInt8](repeating: 0, count: -content.count & 511)
    }
    return bytes + [UInt8](repeating: 0, count: 1024)
  }
}
