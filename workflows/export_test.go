package workflows

// ReconfirmID is the id of the workflow that renews a proof.
var ReconfirmID = reconfirmID
