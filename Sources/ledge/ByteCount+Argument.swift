internal import ArgumentParser
internal import Inspection

extension ByteCount: ExpressibleByArgument {
    init?(argument: String) {
        self.init(parsing: argument)
    }

    /// Without the space, so that a shown default can be typed.
    var defaultValueDescription: String {
        description.filter { $0 != " " }
    }
}
