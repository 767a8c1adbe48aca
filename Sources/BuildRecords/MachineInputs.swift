internal import ImageModel

/// What a VM image is made of, as inputs: all but files and the outputs of other steps.
enum MachineInputs {
  /// Changes when coppice itself makes another image from the same inputs.
  static let version = "1"

  /// What says how the machine is, not what is on its disk: no step depends on it.
  static let ofHardware: Set = ["memory", "cpus", "video_memory", "accelerate_3d", "formats"]

  static func inputs(of machine: MachineRecipe) -> [StepInput] {
    let hardware = machine.hardware
    var inputs = [
      StepInput(.recipe, "kind", "vbox \(version)"),
      StepInput(.recipe, "disk_size", String(hardware.diskSize)),
      StepInput(.recipe, "memory", String(hardware.memory)),
      StepInput(.recipe, "cpus", String(hardware.cpus)),
      StepInput(.recipe, "video_memory", String(hardware.videoMemory)),
      StepInput(.recipe, "formats", machine.formats.map(\.rawValue).joined(separator: " ")),
    ]
    if hardware.accelerates3D { inputs.append(StepInput(.recipe, "accelerate_3d", "true")) }
    switch machine.base {
    case .machine(let id): inputs.append(StepInput(.recipe, "base", id.description))
    case .disk(let file, let format):
      inputs.append(StepInput(.recipe, "base", MachineText.words(["disk", format.rawValue, file.text])))
    case .system(let system): inputs += self.inputs(of: system)
    case .installer(let installer):
      inputs.append(
        StepInput(
          .recipe, "iso", MachineText.words([installer.medium.text, installer.dialect.rawValue, installer.answers])))
    }
    // One of this machine is hashed with the files of steps.
    inputs += machine.base.files.compactMap { file in
      guard case .url(let url) = file.place else { return nil }
      return StepInput(.base, url, file.digest?.description ?? "unpinned")
    }
    return inputs + machine.steps.map { StepInput(.step, "", MachineText.step($0)) }
  }

  private static func inputs(of system: MachineSystem) -> [StepInput] {
    var inputs: [StepInput] = []
    func add(_ name: String, _ value: String) { inputs.append(StepInput(.recipe, "system \(name)", value)) }
    add("suite", system.suite)
    add("packages", MachineText.words(system.packages))
    add("components", MachineText.words(system.components))
    if let mirror = system.mirror { add("mirror", mirror) }
    add("hostname", system.hostname)
    add("locale", system.locale)
    add("keyboard", system.keyboard)
    add("timezone", system.timezone)
    add("boot_loader", system.bootLoader.rawValue)
    if system.hasGuestAdditions { add("guest_additions", "where they can be had") }
    add("root_password", text(system.rootPassword))
    if let user = system.user {
      add("user", user.name)
      add("user password", text(user.password))
      if user.logsInAutomatically { add("user autologin", "true") }
      if user.isAdministrator { add("user sudo", "true") }
    }
    return inputs
  }

  private static func text(_ password: MachinePassword) -> String {
    switch password {
    case .locked: "locked"
    case .known(let text): "digest of value \(Digest.sha256(text))"
    case .secret: "secret"
    }
  }
}
