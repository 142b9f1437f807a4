internal import JSON

/// The official client's model container (ScaleoutModel): a ZIP archive with metadata and weights.
///
/// Shape: `metadata.json` (an object with `model_id`, `helper_type`, `_version` and any other members),
/// `training_model.bin` (the weights as the helper wrote them), optionally `inference_model.bin` and `files/…`.
/// Source: the official client, `scaleoututil/utils/model.py`.
enum Container {
    static let metadataName = "metadata.json"
    static let weightsName = "training_model.bin"
    static let filesPrefix = "files/"
    static let versionKey = "_version"
    static let helperKey = "helper_type"
    static let modelIDKey = "model_id"
    /// Describes `inference_model.bin`.
    static let inferenceFormatKey = "inference_model_format"
    /// The newest supported version, and the default for containers without one.
    static let version: Int64 = 2

    /// Reads and checks the metadata of a container.
    ///
    /// - Throws: `.missingMember`, `.metadata`, `.newerVersion`, or the error of reading the member.
    static func metadata(of archive: ZipArchive, _ limits: ModelLimits) throws(WeightsError) -> JSONObject {
        guard let member = archive.member(named: metadataName) else { throw .missingMember(metadataName) }
        guard member.byteCount <= Int64(limits.metadataByteCountMax) else {
            throw .metadata(.tooLong(byteCount: member.byteCount, byteCountMax: limits.metadataByteCountMax))
        }
        let bytes = try archive.content(of: member)
        let value: JSON
        do throws(JSONError) { value = try JSON(parsing: bytes) } catch {
            throw .metadata(.syntax(offset: error.offset))
        }
        guard let metadata = value.object else { throw .metadata(.notAnObject) }
        if let version = metadata[versionKey] {
            guard let version = version.int else { throw .metadata(.field(versionKey)) }
            guard version <= Self.version else { throw .newerVersion(found: version, supported: Self.version) }
        }
        if let id = metadata[modelIDKey], id.string == nil, !id.isNull { throw .metadata(.field(modelIDKey)) }
        return metadata
    }

    /// Returns the format that a container declares; nil if it declares none.
    static func format(_ metadata: JSONObject) throws(WeightsError) -> WeightsFormat? {
        guard let helper = metadata[helperKey], !helper.isNull else { return nil }
        guard let name = helper.string else { throw .metadata(.field(helperKey)) }
        // The client ignores an empty name, too.
        guard !name.isEmpty else { return nil }
        guard let format = WeightsFormat(helper: name) else { throw .metadata(.unknownHelper(name)) }
        return format
    }
}
