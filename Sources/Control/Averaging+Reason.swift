internal import Blobs
internal import Disk
internal import Weights

extension Averaging {
    /// Returns why updates could not be averaged, or one could not be used, for the network's log, which participants
    /// read.
    static func reason(_ error: any Error) -> String {
        if let error = error as? WeightsError { return error.message }
        if error as? UploadError == .unknownBlob { return "its bytes are missing" }
        // Opening a blob throws UploadError, reading it throws StorageError.
        guard let failure = error as? StorageError ?? (error as? UploadError)?.storageError else { return "\(error)" }
        if failure.isCorrupt { return "its stored bytes are damaged" }
        return failure.isNoSpace ? "the disk is full" : "disk I/O error: \(failure)"
    }
}

extension ModelFile {
    /// Requires the same number of arrays as another model, of the same shapes.
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
    /// The file name extension of this format.
    var fileExtension: String {
        self == .numpy ? "npz" : "bin"
    }
}
