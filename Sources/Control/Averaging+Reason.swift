internal import Blobs
internal import Weights

extension Averaging {
    /// Why updates could not be averaged, or one of them not be used, for the network's log, which participants read.
    static func reason(_ error: any Error) -> String {
        if let error = error as? WeightsError { return error.message }
        guard let error = error as? UploadError else { return "\(error)" }
        if error == .unknownBlob { return "its bytes are not there" }
        if error.isCorrupt { return "its stored bytes are damaged" }
        if error.isNoSpace { return "the disk is full" }
        return error.storageError.map { "the disk failed: \($0)" } ?? "\(error)"
    }
}

extension ModelFile {
    /// Requires as many arrays as another model has, of the same shapes.
    func expectShapes(of other: ModelFile) throws(WeightsError) {
        guard arrays.count == other.arrays.count else {
            throw .arrayCountMismatch(expected: other.arrays.count, found: arrays.count)
        }
        for (index, (array, expected)) in zip(arrays, other.arrays).enumerated() where array.shape != expected.shape {
            throw .shapeMismatch(array: index, expected: expected.shape, found: array.shape)
        }
    }

    func hasTypes(of other: ModelFile) -> Bool {
        arrays.map(\.elementType) == other.arrays.map(\.elementType)
    }
}

extension WeightsFormat {
    /// What a file of this format is called.
    var fileExtension: String {
        self == .numpy ? "npz" : "bin"
    }
}
