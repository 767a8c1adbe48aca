internal import ContentStore
internal import HostSystem
internal import ImageModel
internal import JSONText
internal import SIFConversion
internal import SIFFormat
internal import SquashFS

/// Images of a store or of a layout that others made, converted; beside each SIF lies the map of its blocks.
struct Conversions {
  private let files: PosixFileSystem
  private var options = SIFConverter.Options()

  init(_ files: PosixFileSystem, compression: String = "gzip", threads: String = "2") {
    self.files = files
    options.compression = compression == "zstd" ? .zstd() : .gzip()
    options.threads = Int(threads) ?? 2
  }

  func importArchive(_ archive: FilePath, store: FilePath) throws -> Digest {
    let layout = ImageLayout(root: store, files: files)
    try layout.prepare()
    return try layout.importArchive(try files.open(archive)).config
  }

  /// - Parameter earlier: path of a SIF from which blocks are taken.
  func convert(_ id: String, store: FilePath, to path: FilePath, reusing earlier: String?) throws {
    let layout = ImageLayout(root: store, files: files)
    guard let config = Digest(id), let image = try layout.image(config) else { throw Failure("no image \(id)") }
    let known = try earlier.map { path in
      guard let map = try files.mapped(FilePath(path + ".map")) else { throw Failure("no map of \(path)") }
      return EarlierSIF(try files.openAnywhere(FilePath(path)), blocks: map)
    }
    try convert(
      try layout.contents(ofBlob: config), layout.layerSources(of: image), to: path, reusing: known.map { [$0] } ?? [])
  }

  func convert(layout: FilePath, to path: FilePath) throws {
    func blob(_ descriptor: JSONValue?) throws -> FilePath {
      guard let digest = descriptor?["digest"]?.string.flatMap({ Digest($0) }) else {
        throw Failure("\(layout) is no layout of one image")
      }
      return layout / "blobs/sha256" / FilePath(digest.hex)
    }
    func json(_ path: FilePath) throws -> JSONValue {
      try JSONValue(parsing: try files.contents(of: path, limit: 1 << 26))
    }
    let manifest = try json(try blob(try json(layout / "index.json")["manifests"]?.array?.first))
    let config = try files.contents(of: try blob(manifest["config"]), limit: 1 << 26)
    let diffIDs = try JSONValue(parsing: config)["rootfs"]?["diff_ids"]?.strings ?? []
    let layers = try zip(manifest["layers"]?.array ?? [], diffIDs).map { descriptor, diffID in
      let (path, files) = (try blob(descriptor), files)
      guard let diffID = Digest(diffID) else { throw Failure("\(diffID) is no digest") }
      return LayerSource(name: "\(path)", blob: Digest(hex: path.name.description), diffID: diffID) {
        try files.open(path)
      }
    }
    try convert(config, layers.reversed(), to: path, reusing: [])
  }

  private func convert(
    _ config: [UInt8], _ layers: [LayerSource], to path: FilePath, reusing earlier: [EarlierSIF]
  ) throws {
    let made = try SIFConverter(files: files, options: options).convert(
      config: config, layers: layers, to: path, reusing: earlier)
    try files.replace(FilePath(path.description + ".map"), with: made.blockMap, mode: 0o644)
    print(made.file.digest, made.file.size, made.blockMap.count)
  }
}
