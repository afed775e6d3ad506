using static OrleansJobGrid.Connectors.FailureClass;

namespace OrleansJobGrid.Connectors.Failures;

/// <content>What is said of the job itself: its content, its workflow, what it needs.</content>
public static partial class DefaultFailureRules
{
    private static FailureRule[] Refusals() =>
    [
        new("child_safety", Refused, FailureReason.ChildSafety)
        {
            Message = Text(@"sexual/minors|\bCSAM\b|child (sexual )?(abuse|exploitation|safety)|sexualizing minors"),
        },
        new("self_harm", Refused, FailureReason.SelfHarm) { Message = Text(@"\bself[-_ ]harm\b.{0,80}(detect|filter|violat|block|policy)|(detect|filter|violat|block|policy|categor).{0,80}\bself[-_ ]harm\b|safety_violations=\[[^\]]*self[-_ ]harm") },
        new("violence", Refused, FailureReason.ViolenceDetected) { Message = Text(@"\b(violence|violent|gore|graphic)\b.{0,80}(detect|filter|violat|block|policy|reject)|(detect|filter|violat|block|reject|HARM_CATEGORY).{0,80}\b(violence|violent|gore)\b|safety_violations=\[[^\]]*violence") },
        new("hate", Refused, FailureReason.HateSpeech) { Message = Text(@"HARM_CATEGORY_(HATE_SPEECH|HARASSMENT)|\b(hate|hateful|harassment)\b.{0,80}(detect|filter|violat|block|policy)|safety_violations=\[[^\]]*(hate|harassment)") },
        new("adult_content", Refused, FailureReason.AdultContent)
        {
            Message = Text(@"\bNSFW\b.{0,60}(detect|block|filter|not allowed|content|reject|found)|HARM_CATEGORY_SEXUALLY_EXPLICIT|(sexual|adult|nudity|explicit)( content)?.{0,60}(detect|block|not allowed|violat|reject)|safety_violations=\[[^\]]*sexual"),
        },
        new("illegal_content", Refused, FailureReason.IllegalContent) { Message = Text(@"HARM_CATEGORY_DANGEROUS_CONTENT|illegal (content|activit).{0,60}(detect|block|filter|not allowed|violat)") },
        new("copyright", Refused, FailureReason.CopyrightViolation) { Message = Text(@"\b(copyright|trademark|recitation).{0,80}(detect|block|violat|infring|protected|policy)|\bfinish_?reason\W{0,4}RECITATION\b") },
        new("recitation", Refused, FailureReason.CopyrightViolation) { ServiceErrorType = "RECITATION" },
        new("real_person", Refused, FailureReason.RealPerson) { Message = Text(@"(celebrity|public figure|real (person|people)|recognizable (person|face)).{0,80}(detect|block|not allowed|violat|policy|cannot)") },
        new("content_filtered_output", Refused, FailureReason.OutputFiltered)
        {
            Message = Text(@"generated (image|content|output|text)s? (was|were) (filtered|blocked|removed)|Image generation failed.{0,40}filtered|\bCONTENT_FILTERED\b|output (was )?(blocked|filtered) by"),
        },
        new("content_filtered_output_type", Refused, FailureReason.OutputFiltered) { ServiceErrorType = "CONTENT_FILTERED IMAGE_SAFETY" },
        new("content_policy_type", Refused, FailureReason.PolicyViolation)
        {
            ServiceErrorType = "content_policy_violation moderation_blocked content_moderation content_filter ResponsibleAIPolicyViolation SAFETY PROHIBITED_CONTENT BLOCKLIST SPII sentinel_block image_generation_user_error",
        },
        new("content_policy", Refused, FailureReason.PolicyViolation)
        {
            Message = Text(@"content[_ ]policy|content[_ ]moderation|moderation_blocked|rejected (by|as a result of) (the|our) safety system|Invalid prompts detected|flagged (by|as|for) .{0,40}(moderation|sensitive|safety|policy|inappropriate)|content management policy|violat\w+ (our|the|of our) .{0,40}(policy|policies|guidelines|terms)|usage polic|safety (filter|checker|system|settings).{0,60}(block|detect|reject|trigger)|blocked (by|due to|for) .{0,30}\b(safety|policy|moderation)\b|potentially (NSFW|unsafe|sensitive)|\bprompt (was|is) (rejected|blocked)\b"),
        },
    ];

    /// <summary>The error types of ComfyUI's <c>POST /prompt</c>. What is wrong wherever it runs comes before what only this instance lacks.</summary>
    private static FailureRule[] ComfyUi() =>
    [
        new("comfyui_value_range", Malformed, FailureReason.InvalidParameter) { ServiceErrorType = "value_bigger_than_max value_smaller_than_min invalid_input_type" },
        new("comfyui_required_input", Malformed, FailureReason.MissingRequiredField) { ServiceErrorType = "required_input_missing no_prompt" },
        new("comfyui_no_prompt", Malformed, FailureReason.MissingRequiredField) { Status = (400, 400), Message = Text("^no prompt$") },
        new("comfyui_graph", Malformed, FailureReason.InvalidWorkflow) { ServiceErrorType = "return_type_mismatch bad_linked_input exception_during_validation exception_during_inner_validation dependency_cycle prompt_no_outputs" },
        new("comfyui_input_file", Malformed, FailureReason.InputMissing) { ServiceErrorType = "custom_validation_failed", Message = Text(@"Invalid (image|audio|video|mask|latent|model)? ?file") },
        new("comfyui_custom_validation", Malformed, FailureReason.InvalidParameter) { ServiceErrorType = "custom_validation_failed" },
        new("comfyui_prompt_id", Malformed, FailureReason.InvalidPayload) { ServiceErrorType = "invalid_prompt_id" },
        new("comfyui_missing_node", MissingHere, FailureReason.NodeNotFound) { ServiceErrorType = "missing_node_type" },
        new("comfyui_missing_node_before_0_12", MissingHere, FailureReason.NodeNotFound)
        {
            ServiceErrorType = "invalid_prompt", Message = Text(@"Cannot execute because node .{1,200} does not exist"),
        },
        new("comfyui_missing_model", MissingHere, FailureReason.ModelNotFound)
        {
            ServiceErrorType = "value_not_in_list",
            Message = Text(@"\b(ckpt|checkpoint|lora|vae|unet|clip|clip_vision|control_?net|style_model|gligen|hypernetwork|upscale|diffusion|ipadapter|model|text_encoder|embedding)\w*(_name\w*|_file|_path)?: |\.(safetensors|ckpt|pth?|bin|gguf|onnx|sft)' not in"),
        },
        new("comfyui_value_not_in_list", Malformed, FailureReason.InvalidParameter) { ServiceErrorType = "value_not_in_list" },
        new("comfyui_validation", Malformed, FailureReason.InvalidWorkflow) { ServiceErrorType = "prompt_outputs_failed_validation invalid_prompt" },
        // ComfyUI before 2024 answers so where it does not know a node, and every version where the body is broken.
        new("comfyui_in_trouble", Malformed, FailureReason.InvalidPayload) { Status = (500, 500), Stage = "submit", Message = Text("Server got itself in trouble") },
    ];

    private static FailureRule[] Missing() =>
    [
        new("model_not_found_type", MissingHere, FailureReason.ModelNotFound) { ServiceErrorType = "model_not_found model_not_available RepositoryNotFound EntryNotFound ModelNotFoundError" },
        new("model_not_found_exception", MissingHere, FailureReason.ModelNotFound)
        {
            ExceptionType = Text(@"(^|\.)(RepositoryNotFoundError|EntryNotFoundError|LocalEntryNotFoundError|RevisionNotFoundError|ModelNotFoundError)$"),
        },
        new("model_not_found", MissingHere, FailureReason.ModelNotFound)
        {
            Message = Text(@"\b(model|checkpoint|lora|vae|embedding|controlnet|tokenizer)s?\b ?[""'`]?[^""'`\n]{0,160}[""'`]?:? (was |is |could )?(not (be )?found|does not exist|not available|is not installed|doesn't exist)|try pulling it first|Repository Not Found for url|is not a local folder and is not a valid model identifier|Unknown (checkpoint|model|vae|upscaler)|(No such file or directory|\[Errno 2\]).{0,400}\.(safetensors|ckpt|gguf|pth|onnx|sft)\b|Could not find (a |the )?(model|checkpoint|lora)|404 Client Error.{0,80}huggingface\.co|model_not_found"),
        },
        new("model_damaged", MissingHere, FailureReason.ModelLoadFailed)
        {
            Message = Text(@"Error while deserializing header|HeaderTooLarge|MetadataIncompleteBuffer|PytorchStreamReader failed|invalid load key|not a valid checkpoint|failed to load model|unable to load model|Could not detect model type"),
        },
        new("node_not_found", MissingHere, FailureReason.NodeNotFound)
        {
            Message = Text(@"No module named|custom node may not be installed|(script|extension|always on script|preprocessor)s?\b.{0,80}not (found|installed)|Node type .{0,100}not found"),
        },
        new("node_not_found_exception", MissingHere, FailureReason.NodeNotFound) { ExceptionType = Text(@"(^|\.)(ModuleNotFoundError)$") },
    ];
}
