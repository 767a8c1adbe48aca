/// Commands that share their first word.
enum CommandGroup: String, CaseIterable, Sendable {
  case sif

  /// One line without a full stop, for the overview.
  var summary: String {
    switch self {
    case .sif: "make and read SIF files, the images of Apptainer"
    }
  }

  var commands: [CommandName] { CommandName.allCases.filter { $0.group == self } }
}
