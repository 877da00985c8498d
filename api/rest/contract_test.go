package rest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gridward/api/rest"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/register"
)

// Every route is in the contract, and every operation of the contract is a route.
func TestRoutesAreTheContract(t *testing.T) {
	h := open(t, setup{})
	want := map[string]bool{}
	for path, item := range h.judge.doc.Paths.Map() {
		echo := strings.NewReplacer("{", ":", "}", "").Replace(path)
		for method, op := range item.Operations() {
			want[method+" /api/v1"+echo] = true
			if slices.Contains(op.Tags, "operation") && method == http.MethodGet {
				want[method+" "+echo] = true
			}
		}
	}
	got := map[string]bool{}
	for _, r := range h.server.Routes() {
		if strings.HasPrefix(r, "echo_route_not_found") {
			continue
		}
		got[r] = true
	}
	if !maps.Equal(got, want) {
		for r := range got {
			if !want[r] {
				t.Errorf("%s is a route and not in the contract", r)
			}
		}
		for r := range want {
			if !got[r] {
				t.Errorf("%s is in the contract and no route", r)
			}
		}
	}
}

func TestTheClockIsThereOnlyInRehearsal(t *testing.T) {
	h := open(t, setup{options: func(o *rest.Options) { o.Rehearsal = nil }})
	for _, r := range h.server.Routes() {
		if strings.Contains(r, "/clock") {
			t.Errorf("%s without a rehearsal", r)
		}
	}
	r := h.do(http.MethodPost, "/api/v1/nothing", nil)
	r.want(http.StatusNotFound, "no_such_route")
}

// What a body may carry reaches the command: no field of the contract is unknown to the rules' own type.
func TestBodiesFitTheCommands(t *testing.T) {
	h := open(t, setup{})
	commands := map[string]any{
		"CreateCell": &grid.CreateCell{}, "SetCellAttributes": &grid.SetAttributes{}, "ReplaceCell": &grid.ReplaceCell{},
		"GiveDuty": &grid.GiveDuty{}, "GiveDepartmentDuty": &grid.GiveDuty{}, "EndDuty": &grid.EndDuty{},
		"CreateDepartment": &grid.CreateDepartment{}, "RegisterPerson": &grid.RegisterPerson{}, "Reason": &grid.RetireCell{},
		"LogInspection": &inspection.Log{}, "AmendInspection": &inspection.Amend{}, "OpenCampaign": &inspection.OpenCampaign{},
		"FoundHazard": &inspection.Found{}, "OnTheSpot": &inspection.OnTheSpot{},
		"ReportCase": &hazard.Report{}, "ReportedBy": &hazard.ReportedBy{}, "Plan": &hazard.Plan{},
		"RequestVerificationCase": &hazard.RequestVerification{}, "VerifyCase": &hazard.Verify{}, "FileCase": &hazard.File{},
		"VoidCase": &hazard.Void{}, "DispatchCase": &hazard.Dispatch{}, "AcceptCase": &hazard.Accept{}, "ReturnCase": &hazard.Return{},
		"RectifyCase": &hazard.Rectify{}, "CheckCase": &hazard.Check{}, "CloseCase": &hazard.Close{}, "ReopenCase": &hazard.Reopen{},
		"ReclassifyCase": &hazard.Reclassify{}, "EscalateCase": &hazard.Escalate{}, "AcknowledgeEscalationCase": &hazard.AcknowledgeEscalation{},
		"SuperviseCase": &hazard.Supervise{}, "LiftSupervisionCase": &hazard.LiftSupervision{}, "TransferCase": &hazard.Transfer{},
		"TransferReplyCase": &hazard.TransferReply{}, "MergeCase": &hazard.Merge{}, "NoteCase": &hazard.Note{}, "FeedbackCase": &hazard.Feedback{},
		"RequestExtensionCase": &hazard.RequestExtension{}, "DecideExtensionCase": &hazard.DecideExtension{}, "SuspendCase": &hazard.Suspend{},
		"ResumeCase": &hazard.Resume{}, "AppealCase": &hazard.Appeal{}, "DecideAppealCase": &hazard.DecideAppeal{},
		"RecordActivity": &register.RecordActivity{}, "RegisterEquipment": &register.RegisterEquipment{},
		"ServiceEquipment": &register.ServiceEquipment{}, "RegisterForce": &register.RegisterForce{},
	}
	for name, into := range commands {
		schema := h.judge.doc.Components.Schemas[name]
		if schema == nil {
			t.Errorf("no schema %s", name)
			continue
		}
		for field := range schema.Value.Properties {
			if field == "occurred_at" {
				continue
			}
			raw, err := json.Marshal(map[string]any{field: nil})
			if err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(strings.NewReader(string(raw)))
			d.DisallowUnknownFields()
			if err := d.Decode(into); err != nil {
				t.Errorf("%s: the contract has %q, the command has not: %v", name, field, err)
			}
		}
	}
}
