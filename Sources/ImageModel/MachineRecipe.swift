/// A VM image: a base disk, and steps that are applied to it one after the other.
package struct MachineRecipe: Sendable {
  package var id: ArtifactID
  package var definition: DefinitionSource
  /// Where `image_sources` declares it.
  package var location: SourceLocation
  /// `NAMESPACE/NAME:TAG` with the main tag.
  package var reference: ImageReference
  /// The other tags.
  package var aliases: [ImageReference] = []
  package var visibility = ImageRecipe.Visibility.public
  package var base: MachineBase
  /// In the order in which they are applied.
  package var steps: [MachineStep]
  package var hardware: MachineHardware
  /// What is written; never empty, each once. What dependents and lockfile call the output is the first.
  package var formats: [MachineFormat]
  package var maxAge: Duration?
  /// Where the definition gives values that are inputs, by the input's name.
  package var places: [InputGroup: [String: SourceLocation]] = [:]

  package init(
    id: ArtifactID, definition: DefinitionSource, location: SourceLocation, reference: ImageReference,
    base: MachineBase, steps: [MachineStep] = [], hardware: MachineHardware = MachineHardware(),
    formats: [MachineFormat] = MachineFormat.allCases
  ) {
    self.id = id
    self.definition = definition
    self.location = location
    self.reference = reference
    self.base = base
    self.steps = steps
    self.hardware = hardware
    self.formats = formats
  }

  /// What else of the tree it is made from: the VM image that is its base, and docker images whose files are installed.
  package var upstreams: [ArtifactID] {
    var found = steps.compactMap { if case .rootfs(let rootfs) = $0.action { rootfs.image } else { nil } }
    if case .machine(let id) = base { found.append(id) }
    return Set(found).sorted()
  }

  /// `casa-run-debian-12.vdi`
  package func fileName(_ format: MachineFormat) -> String { Self.fileName(of: id, format) }

  package static func fileName(of id: ArtifactID, _ format: MachineFormat) -> String {
    "\(id.name.split(separator: "/").joined(separator: "-"))-\(id.tag).\(format.rawValue)"
  }
}

/// The virtual machine that an image is for.
package struct MachineHardware: Hashable, Sendable {
  /// In MiB.
  package var memory = 8192
  package var cpus = 2
  /// In MiB.
  package var videoMemory = 64
  package var accelerates3D = false
  /// The size that a guest sees, in bytes; file systems grow to it.
  package var diskSize = 128 << 30

  package init() {}
}

/// A kind of file in which a VM image is written; the raw value ends its name.
package enum MachineFormat: String, Sendable, Hashable, CaseIterable {
  /// VirtualBox's disk.
  case vdi
  /// A whole machine, as VirtualBox and others import it.
  case ova
}
