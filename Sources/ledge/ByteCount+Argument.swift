internal import ArgumentParser
internal import Inspection

extension ByteCount: ExpressibleByArgument {
    init?(argument: String) {
        self.init(parsing: argument)
    }

    /// The description without the space, so that a default in `--help` can be used as an argument.
    var defaultValueDescription: String {
        description.filter { $0 != " " }
    }
}
