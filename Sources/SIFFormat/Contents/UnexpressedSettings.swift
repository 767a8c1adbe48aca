internal import ImageModel
internal import JSONText

/// What an image's config asks for and a SIF cannot: runtimes of SIF run as the caller, in his directory.
enum UnexpressedSettings {
  static func notes(_ config: OCIConfig) -> [Diagnostic] {
    let value = config.value
    var notes: [Diagnostic] = []
    func note(_ instruction: String, _ text: String) {
      notes.append(Diagnostic(.note, "\(instruction) has no effect in a SIF: \(text)"))
    }
    if let user = value["User"]?.string, !["", "0", "root", "0:0", "root:root"].contains(user) {
      note("USER \(user)", "containers run as who starts them")
    }
    if let directory = value["WorkingDir"]?.string, directory != "", directory != "/" {
      note("WORKDIR \(directory)", "containers start in the caller's directory")
    }
    for path in value["Volumes"]?.object?.keys.sorted() ?? [] {
      note("VOLUME \(path)", "it is read-only like the rest, unless something is bound there")
    }
    for port in value["ExposedPorts"]?.object?.keys.sorted() ?? [] {
      note("EXPOSE \(port)", "containers share the network of the host")
    }
    if let check = value["Healthcheck"], let test = check["Test"]?.array, !test.isEmpty, test.first != "NONE" {
      note("HEALTHCHECK", "nobody runs it")
    }
    if let signal = value["StopSignal"]?.string, signal != "" {
      note("STOPSIGNAL \(signal)", "instances are stopped with the runtime's own signal")
    }
    return notes
  }
}
