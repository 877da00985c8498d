package grid

import (
	"regexp"
	"strings"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/personal"
)

// phoneForm is loosely a telephone number of China: a mobile one, a landline one with or without area code and
// extension, or a 400/800 service number, with or without the country's 86.
var phoneForm = regexp.MustCompile(`^(\+?86[- ]?)?(1[3-9][0-9]{9}|(0[0-9]{2,3}[- ]?)?[2-9][0-9]{6,7}([-转][0-9]{1,6})?|[48]00[- ]?[0-9]{3}[- ]?[0-9]{4})$`)

// departmentForm is the form of a department's code: it is part of addresses for ever.
var departmentForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// IsPersonID reports whether a text is a person's id and not a name: a UUID in lower-case hex.
func IsPersonID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// PartyOf takes a text as the person of that id, or else as the name of somebody who is no person of the grid;
// subject is whose personal data the name is kept as.
func PartyOf(text, subject string) personal.Party {
	if IsPersonID(text) {
		return personal.Party{Person: text}
	}
	return personal.Party{Name: personal.Of(subject, text)}
}

// CheckPhone notes a telephone number that cannot be one of China; none is right.
func CheckPhone(bad *fault.Fields, field, phone string) {
	if phone != "" && !phoneForm.MatchString(phone) {
		bad.Add(field, "is not a telephone number")
	}
}

// RegisterPerson makes a person known.
type RegisterPerson struct {
	ID    string   `json:"id,omitempty"`
	Name  string   `json:"name"`
	Unit  string   `json:"unit,omitempty"`
	Phone string   `json:"phone,omitempty"`
	Cell  CellCode `json:"cell,omitempty"` // the cell whose office registers the person; a steward needs none
}

// DecideRegisterPerson decides on a new person; the command carries the id.
func DecideRegisterPerson(p Person, cmd RegisterPerson) ([]PersonEvent, error) {
	var bad fault.Fields
	if !IsPersonID(cmd.ID) {
		bad.Add("id", "is not a UUID")
	}
	bad.Text("name", cmd.Name, maxName)
	bad.AtMost("unit", cmd.Unit, maxName)
	CheckPhone(&bad, "phone", cmd.Phone)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	e := PersonRegistered{ID: cmd.ID, Name: personal.Of(cmd.ID, strings.TrimSpace(cmd.Name)), Unit: cmd.Unit,
		Phone: personal.Of(cmd.ID, cmd.Phone)}
	if p.ID != "" {
		if EvolvePerson(Person{}, e) == p {
			return nil, nil
		}
		return nil, fault.New(fault.Conflict, "id_reused", "the id belongs to another person")
	}
	return []PersonEvent{e}, nil
}

// CreateDepartment makes a department known; it sits at a cell.
type CreateDepartment struct {
	Code string   `json:"code"`
	Name string   `json:"name"`
	Cell CellCode `json:"cell"`
}

// DecideCreateDepartment decides on a new department at a cell.
func DecideCreateDepartment(d Department, cmd CreateDepartment, cell Cell) ([]DepartmentEvent, error) {
	var bad fault.Fields
	if !departmentForm.MatchString(cmd.Code) {
		bad.Add("code", "is not 1 to 64 letters, digits, hyphens and underscores")
	}
	bad.Text("name", cmd.Name, maxName)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	e := DepartmentCreated{Code: cmd.Code, Name: strings.TrimSpace(cmd.Name), Cell: cmd.Cell}
	if d.Code != "" {
		if EvolveDepartment(Department{}, e) == d {
			return nil, nil
		}
		return nil, fault.New(fault.Conflict, "department_exists", "there is a department %s already", cmd.Code)
	}
	if err := live(cell); err != nil {
		return nil, err
	}
	return []DepartmentEvent{e}, nil
}
